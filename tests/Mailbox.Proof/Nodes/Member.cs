using Mailbox.Tests;

namespace Mailbox.Proof.Nodes;

/// <summary>A process of a cluster: its HTTP address, its port for the other members, and its user, whom no other process has.</summary>
sealed record Member(string Name, int Number)
{
    const int FirstUser = 29900;

    public int HttpPort { get; } = Ports.Free();

    public int SiloPort { get; } = Ports.Free();

    /// <summary>Of a silo, for backends.</summary>
    public int ClientPort { get; } = Ports.Free();

    public Node Silo(Workshop workshop, IEnumerable<string> settings) => Node(workshop, "Silo", ["--Mailbox:Cluster:ClientPort", $"{ClientPort}", .. settings]);

    public Uri Address => new($"http://127.0.0.1:{HttpPort}");

    public Node Node(Workshop workshop, string host, IEnumerable<string> settings) => workshop.Node(
        Name,
        ["dotnet", Workshop.Host(host), "--urls", $"http://127.0.0.1:{HttpPort}", "--Mailbox:Cluster:SiloPort", $"{SiloPort}", .. settings],
        [SiloPort],
        Environment.IsPrivilegedProcess ? $"{FirstUser + Number}" : "");
}
