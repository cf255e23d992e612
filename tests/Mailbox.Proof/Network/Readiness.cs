namespace Mailbox.Proof.Network;

/// <summary>Asks every process of the grid whether it is ready.</summary>
sealed class Readiness(IEnumerable<Uri> hosts, RunClock clock) : IDisposable
{
    readonly Upstream[] _hosts = [.. hosts.Select(host => new Upstream(host))];

    public async Task<bool> AllAsync(CancellationToken cancel)
    {
        await Task.WhenAll(_hosts.Select(host => host.AskAsync(clock.Time, cancel)));
        return Array.TrueForAll(_hosts, host => host.IsReady);
    }

    public void Dispose()
    {
        foreach (var host in _hosts) host.Dispose();
    }
}
