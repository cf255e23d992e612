using Mailbox.Proof.Faults;
using Mailbox.Proof.Network;
using Mailbox.Tests;

namespace Mailbox.Proof.Nodes;

/// <summary>One process: a silo with a journal, and its gateway.</summary>
sealed class SingleTopology : Topology
{
    readonly Workshop _workshop;
    readonly Node _node;

    public SingleTopology(Workshop workshop)
    {
        _workshop = workshop;
        var port = Ports.Free();
        Gateways = [new($"http://127.0.0.1:{port}")];
        string[] program = ["dotnet", Workshop.Host("Silo"), "--urls", $"http://127.0.0.1:{port}", "--Mailbox:Data", Path.Combine(workshop.Directory, "data")];
        _node = workshop.Node("silo", [.. program, .. Workshop.GatewaySettings, .. Workshop.EngineSettings], [port]);
    }

    public override IReadOnlyList<Uri> Gateways { get; }

    public override IReadOnlyList<Uri> Hosts => Gateways;

    public override Task StartAsync(CancellationToken cancel)
    {
        _node.Start();
        return Task.CompletedTask;
    }

    public override IReadOnlyList<IFault> Faults(Balancer balancer, Readiness readiness) =>
    [
        new Kill("the process", [_node], _workshop.Clock),
        new Stop("the process", [_node]),
        new Freeze("the process", [_node], TimeSpan.FromSeconds(2), _workshop.Clock),
        new BrokenConnections(balancer),
        new SilentConnections(balancer),
    ];

    public override ValueTask DisposeAsync() => _node.DisposeAsync();
}
