using System.Text.Json;

namespace Mailbox.Proof.Reading;

/// <summary>
/// A bare client: it knows its position and comes back with it whenever its connection ends, breaks or says nothing for too long.
/// </summary>
sealed class Reader(Log log, ITransport transport, Uri address, RunClock clock, Findings findings)
{
    /// <summary>Three heartbeats.</summary>
    static readonly TimeSpan s_silence = TimeSpan.FromSeconds(6);

    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(200);

    public Log Log => log;

    /// <summary>How often it had to open the mailbox.</summary>
    public int Opens { get; private set; }

    /// <summary>Of the server's endings.</summary>
    public Dictionary<string, int> Endings { get; } = [];

    public async Task RunAsync(CancellationToken cancel)
    {
        using var http = Client();
        while (!cancel.IsCancellationRequested)
        {
            try
            {
                await OpenAsync(http, cancel);
                await clock.PaceAsync(s_pause, cancel);
            }
            catch (OperationCanceledException) when (cancel.IsCancellationRequested)
            {
            }
        }
    }

    public void Take(string position, string body) => log.Take(new Sighting(Position.Parse(position), body, clock.Now));

    public void TakePosition(string position) => log.BeginAt(Position.Parse(position));

    public void TakeGap(JsonElement gap) => log.Take(new Gap(
        Position.Parse(gap.GetProperty("from").GetString()!), Position.Parse(gap.GetProperty("to").GetString()!),
        gap.GetProperty("reason").GetString()!, clock.Now));

    /// <summary>A removed mailbox is opened anew, as by a page that is loaded again.</summary>
    public void TakeClosed(JsonElement closed)
    {
        var reason = closed.GetProperty("reason").GetString()!;
        Endings[reason] = Endings.GetValueOrDefault(reason) + 1;
        if (!closed.GetProperty("reconnect").GetBoolean()) log.BeginAt(null);
    }

    async Task OpenAsync(HttpClient http, CancellationToken cancel)
    {
        using var silence = new Silence(s_silence, clock.Time);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel, silence.Token);
        Opens++;
        try
        {
            using var request = Request();
            using var response = await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, patience.Token);
            if ((int)response.StatusCode is >= 400 and < 500) findings.Add($"{log.Reader}: opening was answered {(int)response.StatusCode}");
            if (response.IsSuccessStatusCode) await transport.ReadAsync(this, response, silence, patience.Token);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            // Broken, or silent: the next open goes on.
        }
    }

    HttpRequestMessage Request()
    {
        var request = new HttpRequestMessage(HttpMethod.Get, $"/mailboxes/{log.Mailbox}?from=oldest{transport.Query}");
        request.Headers.Add("Accept", transport.Accept);
        if (log.Position is { } position) transport.Place(request, position.ToString());
        return request;
    }

    HttpClient Client() => new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(2), PooledConnectionLifetime = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = address,
        Timeout = Timeout.InfiniteTimeSpan,
    };
}
