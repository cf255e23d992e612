namespace Mailbox.Proof.Nodes;

/// <summary>Where backends in .NET become clients of a cluster.</summary>
/// <param name="Cluster">Its identity.</param>
/// <param name="Database">Where the silos are listed; empty where it is the one with <paramref name="Port"/>.</param>
/// <param name="Port">On the loopback interface.</param>
sealed record ClientDoor(string Cluster, string Database, int Port = 0);
