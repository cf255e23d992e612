using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Load;

/// <summary>The backends of a run: one over HTTP, and one that is a client of the cluster where there is a cluster.</summary>
sealed class Backends : IDisposable
{
    readonly GridProcess? _process;

    public Backends(Grid grid, Workshop workshop)
    {
        Http = new(grid.Balancer.Address, workshop.Clock, workshop.Findings);
        All = [Http];
        if (grid.Topology.Door is not { } door) return;
        _process = new(workshop, door);
        All = [Http, new GridBackend(_process, workshop.Clock, workshop.Findings)];
    }

    public HttpBackend Http { get; }

    public IReadOnlyList<IBackend> All { get; }

    public void Dispose()
    {
        _process?.Dispose();
        Http.Dispose();
    }
}
