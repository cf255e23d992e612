using Mailbox.Proof.Faults;
using Mailbox.Proof.Network;

namespace Mailbox.Proof.Nodes;

/// <summary>PostgreSQL, three silos and two gateways.</summary>
sealed class ClusterTopology : Topology
{
    const string Id = "proof";

    static readonly TimeSpan s_moment = TimeSpan.FromSeconds(3);
    static readonly TimeSpan s_long = TimeSpan.FromSeconds(16);

    readonly Workshop _workshop;
    readonly Database _database;
    readonly Node[] _silos;
    readonly Node[] _gateways;

    public ClusterTopology(Workshop workshop)
    {
        _workshop = workshop;
        _database = new(workshop);
        Member[] silos = [new("silo1", 1), new("silo2", 2), new("silo3", 3)];
        Member[] gateways = [new("gateway1", 4), new("gateway2", 5)];
        string[] cluster = ["--Mailbox:Cluster:Database", _database.ConnectionString, "--Mailbox:Cluster:Id", Id, .. Workshop.GatewaySettings];
        _silos = [.. silos.Select(silo => silo.Silo(workshop, [.. cluster, .. Workshop.EngineSettings]))];
        _gateways = [.. gateways.Select(gateway => gateway.Node(workshop, "Gateway", cluster))];
        Gateways = [.. gateways.Select(gateway => gateway.Address)];
        Hosts = [.. silos.Select(silo => silo.Address), .. Gateways];
        Door = new(Id, _database.ConnectionString);
    }

    public override IReadOnlyList<Uri> Gateways { get; }

    public override IReadOnlyList<Uri> Hosts { get; }

    public override ClientDoor? Door { get; }

    Node[] Members => [.. _silos, .. _gateways];

    public override async Task StartAsync(CancellationToken cancel)
    {
        await _database.StartAsync(cancel);
        foreach (var member in Members)
        {
            if (member.Mark is not null) await NodeLink.MarkAsync(member);
            member.Start();
        }
    }

    public override IReadOnlyList<IFault> Faults(Balancer balancer, Readiness readiness) =>
    [
        .. Ends(), .. Pauses(), .. Cuts(),
        new RollingRestart(Members, readiness, _workshop),
        new BrokenConnections(balancer),
        new SilentConnections(balancer),
    ];

    public override async ValueTask DisposeAsync()
    {
        foreach (var member in Members)
        {
            await member.DisposeAsync();
            if (member.Mark is not null) await NodeLink.UnmarkAsync(member);
        }
        await _database.DisposeAsync();
    }

    IEnumerable<IFault> Ends() =>
    [
        new Kill("a silo", _silos, _workshop.Clock),
        new Kill("two silos", _silos, _workshop.Clock) { Count = 2 },
        new Kill("a gateway", _gateways, _workshop.Clock),
        new Kill("PostgreSQL", [_database.Node], _workshop.Clock),
        new Stop("a silo", _silos),
        new Stop("a gateway", _gateways),
        new Stop("PostgreSQL", [_database.Node]),
    ];

    IEnumerable<IFault> Pauses() =>
    [
        new Freeze("a silo", _silos, s_moment, _workshop.Clock),
        new Freeze("a silo", _silos, s_long, _workshop.Clock),
        new Freeze("a gateway", _gateways, s_moment, _workshop.Clock),
    ];

    /// <summary>None where links cannot be cut: the processes then have no users of their own.</summary>
    IEnumerable<IFault> Cuts() => _silos[0].Mark is null ? [] :
    [
        new Cut("a silo from a silo", _silos, _silos, s_long, _workshop.Clock),
        new Cut("a silo from a gateway", _silos, _gateways, s_long, _workshop.Clock),
        new Cut("a silo from PostgreSQL", _silos, [_database.Node], s_long, _workshop.Clock),
    ];
}
