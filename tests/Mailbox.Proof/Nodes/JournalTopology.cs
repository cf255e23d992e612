using Mailbox.Proof.Faults;
using Mailbox.Proof.Network;

namespace Mailbox.Proof.Nodes;

/// <summary>One silo with a journal, and two gateways.</summary>
sealed class JournalTopology : Topology
{
    static readonly TimeSpan s_moment = TimeSpan.FromSeconds(3);

    readonly Workshop _workshop;
    readonly Node _silo;
    readonly Node[] _gateways;

    public JournalTopology(Workshop workshop)
    {
        _workshop = workshop;
        var silo = new Member("silo", 1);
        Member[] gateways = [new("gateway1", 4), new("gateway2", 5)];
        string[] data = ["--Mailbox:Data", Path.Combine(workshop.Directory, "data")];
        string[] found = ["--Mailbox:Cluster:Silo", $"127.0.0.1:{silo.SiloPort}"];
        _silo = silo.Silo(workshop, [.. data, .. Workshop.GatewaySettings, .. Workshop.EngineSettings]);
        _gateways = [.. gateways.Select(gateway => gateway.Node(workshop, "Gateway", [.. found, .. Workshop.GatewaySettings]))];
        Gateways = [.. gateways.Select(gateway => gateway.Address)];
        Hosts = [silo.Address, .. Gateways];
        Door = new("default", "", silo.ClientPort);
    }

    public override IReadOnlyList<Uri> Gateways { get; }

    public override IReadOnlyList<Uri> Hosts { get; }

    public override ClientDoor? Door { get; }

    Node[] Members => [_silo, .. _gateways];

    public override Task StartAsync(CancellationToken cancel)
    {
        foreach (var member in Members) member.Start();
        return Task.CompletedTask;
    }

    public override IReadOnlyList<IFault> Faults(Balancer balancer, Readiness readiness) =>
    [
        new Kill("the silo", [_silo], _workshop.Clock),
        new Kill("a gateway", _gateways, _workshop.Clock),
        new Stop("the silo", [_silo]),
        new Stop("a gateway", _gateways),
        new Freeze("the silo", [_silo], s_moment, _workshop.Clock),
        new RollingRestart(Members, readiness, _workshop),
        new BrokenConnections(balancer),
        new SilentConnections(balancer),
    ];

    public override async ValueTask DisposeAsync()
    {
        foreach (var member in Members) await member.DisposeAsync();
    }
}
