using System.Net;
using System.Net.Sockets;

namespace Mailbox.Browser.Tests.Client;

/// <summary>A network between browser and server that treats each connection by a seed; kind until it is told otherwise.</summary>
sealed class FaultProxy : IAsyncDisposable
{
    // Mostly cuts: some of the others cost a test seconds each.
    static readonly Fate[] s_mixed =
    [
        .. Enumerable.Repeat(Fate.Cut, 11), Fate.Stalled, Fate.Stalled, Fate.Slow, Fate.Slow, Fate.Slow, Fate.BadGateway, Fate.BadGateway, Fate.HalfOpen,
        Fate.Buffered,
    ];

    const int Longest = 10_000;

    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _stop = new();
    readonly Uri _server;
    readonly Random _random;
    readonly List<Passage> _passages = [];
    readonly Task _accepting;
    Fate[] _fates = [Fate.Passed];

    public FaultProxy(Uri server, int seed)
    {
        (_server, _random) = (server, new(seed));
        _listener.Start();
        Address = new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>How many connections were not simply passed.</summary>
    public int Faults { get; private set; }

    /// <summary>Connections that are open now.</summary>
    public int Open { get { lock (_passages) return _passages.Count(passage => !passage.Ended.IsCompleted); } }

    /// <summary>From now on connections fare like this: those that are there end.</summary>
    public void Misbehave(params Fate[] fates)
    {
        _fates = fates is [] ? s_mixed : fates;
        lock (_passages) _passages.ForEach(passage => passage.End());
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        lock (_passages) _passages.ForEach(passage => passage.End());
        await Task.WhenAll(_passages.Select(passage => passage.Ended));
        _passages.ForEach(passage => passage.Dispose());
        _stop.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true) Begin(await _listener.AcceptSocketAsync(_stop.Token));
        }
        catch (OperationCanceledException)
        {
            // The test is over.
        }
    }

    void Begin(Socket client)
    {
        var fate = _fates[_random.Next(_fates.Length)];
        if (fate != Fate.Passed) Faults++;
        var passage = new Passage(client, _server, fate, _random.Next(200, Longest));
        lock (_passages) _passages.Add(passage);
    }
}
