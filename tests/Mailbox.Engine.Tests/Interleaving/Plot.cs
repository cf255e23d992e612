namespace Mailbox.Engine.Tests;

/// <summary>What happens in one interleaving.</summary>
/// <param name="Messages">Deliveries.</param>
/// <param name="Reopens">How often the first reader leaves and comes back with its position.</param>
/// <param name="Maintenances">Runs of maintenance.</param>
/// <param name="Watchers">Readers beside the first, which stay.</param>
/// <param name="Failures">Batches for which there is no room.</param>
/// <param name="Before">Messages that wait before anybody reads.</param>
sealed record Plot(int Messages, int Reopens = 0, int Maintenances = 0, int Watchers = 0, int Failures = 0, int Before = 0);
