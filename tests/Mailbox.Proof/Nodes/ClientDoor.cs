namespace Mailbox.Proof.Nodes;

/// <summary>Where backends in .NET become clients of a cluster.</summary>
/// <param name="Cluster">Its identity.</param>
/// <param name="Ports">One of each silo, on the loopback interface.</param>
sealed record ClientDoor(string Cluster, IReadOnlyList<int> Ports);
