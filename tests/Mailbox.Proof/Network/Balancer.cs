using System.Net;
using System.Net.Sockets;

namespace Mailbox.Proof.Network;

/// <summary>
/// Passes each TCP connection to the next gateway that is ready, without looking into it and without sticky sessions. It can also break
/// what it holds, or let it fall silent.
/// </summary>
sealed class Balancer : IAsyncDisposable
{
    static readonly TimeSpan s_between = TimeSpan.FromMilliseconds(250);

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly Upstream[] _upstreams;
    readonly RunClock _clock;
    readonly CancellationTokenSource _end = new();
    readonly HashSet<Relay> _relays = [];
    readonly Task _work;
    int _next;

    public Balancer(IEnumerable<Uri> gateways, RunClock clock)
    {
        _clock = clock;
        _upstreams = [.. gateways.Select(gateway => new Upstream(gateway))];
        _listener.Start();
        _work = Task.WhenAll(AcceptAsync(), WatchAsync());
    }

    public Uri Address => new($"http://{_listener.LocalEndpoint}");

    public bool IsReady => Array.TrueForAll(_upstreams, upstream => upstream.IsReady);

    /// <summary>Ends every connection.</summary>
    public void Break()
    {
        foreach (var relay in Held()) relay.Break();
    }

    /// <summary>Drops every byte of the connections there are, both ways, and tells nobody, until they are broken.</summary>
    public void Silence()
    {
        foreach (var relay in Held()) relay.Silence();
    }

    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Stop();
        Break();
        await _work;
        foreach (var upstream in _upstreams) upstream.Dispose();
        _end.Dispose();
    }

    Relay[] Held()
    {
        lock (_relays) return [.. _relays];
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true) _ = PassAsync(await _listener.AcceptSocketAsync(_end.Token));
        }
        catch (OperationCanceledException)
        {
        }
    }

    async Task PassAsync(Socket client)
    {
        using (client)
        {
            using var server = await ConnectAsync();
            if (server is null) return;
            using var relay = new Relay(client, server);
            lock (_relays) _relays.Add(relay);
            await relay.RunAsync();
            lock (_relays) _relays.Remove(relay);
        }
    }

    /// <summary>Those that are ready, in turn; when none is, the one whose turn it is may still answer.</summary>
    async Task<Socket?> ConnectAsync()
    {
        var turn = Interlocked.Increment(ref _next) & int.MaxValue;
        foreach (var upstream in _upstreams.Select((_, i) => _upstreams[(turn + i) % _upstreams.Length]).OrderByDescending(one => one.IsReady))
            if (await upstream.ConnectAsync(_end.Token) is { } socket)
                return socket;
        return null;
    }

    async Task WatchAsync()
    {
        try
        {
            while (true)
            {
                await Task.WhenAll(_upstreams.Select(upstream => upstream.AskAsync(_clock.Time, _end.Token)));
                await _clock.PaceAsync(s_between, _end.Token);
            }
        }
        catch (OperationCanceledException)
        {
        }
    }
}
