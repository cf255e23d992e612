using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Tells one webhook what waits for it: each event of its mailbox as a call, in order for each mailbox, again until the endpoint has taken it or
/// its time has ended. A call that is refused for good is set aside, so that what is behind it goes on. What comes meanwhile waits in the
/// mailbox, not here.
/// </summary>
sealed class WebhookCaller(Webhook webhook, Outbound outbound, WebhookStore store, WebhookCounts counts, TimeProvider time, ILogger log)
{
    // Calls under way at once: each of another mailbox.
    const int MostMailboxes = 8;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    static readonly TimeSpan s_first = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    enum Answered : byte
    {
        Taken,
        Later,
        Refused,
        Gone,
    }

    public async Task TellAsync(IReadOnlyList<Received> page, CancellationToken cancel)
    {
        foreach (var received in page)
            if (received.Gap is { } gap) counts.Dropped(Math.Max(1, gap.To.Sequence - gap.From.Sequence));
        using var ending = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var mailboxes = page.SelectMany(WebhookEvent.In).Where(one => webhook.Wants(one.Name)).GroupBy(static one => one.Mailbox);
        var options = new ParallelOptions { MaxDegreeOfParallelism = MostMailboxes, CancellationToken = ending.Token };
        var isGone = false;
        try
        {
            await Parallel.ForEachAsync(mailboxes, options, async (events, stop) =>
            {
                foreach (var one in events)
                {
                    if (await TellAsync(one, stop).ConfigureAwait(false)) continue;
                    Volatile.Write(ref isGone, true);
                    await ending.CancelAsync().ConfigureAwait(false);
                }
            }).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (isGone && !cancel.IsCancellationRequested)
        {
            // The calls to tell of other mailboxes.
        }
        if (!isGone) return;
        // Standard Webhooks: 410 asks for no more calls.
        await store.EndAsync(webhook, time.GetUtcNow(), cancel).ConfigureAwait(false);
        log.WebhookEnded(webhook.Name);
    }

    /// <returns>False where the endpoint wants no more calls.</returns>
    async Task<bool> TellAsync(WebhookEvent one, CancellationToken cancel)
    {
        var attempts = new Attempts(time, s_first, s_longest);
        while (one.Expires > time.GetUtcNow())
        {
            var (answered, status, retryAfter) = await CallAsync(one, cancel).ConfigureAwait(false);
            if (answered == Answered.Gone) return false;
            if (answered == Answered.Taken)
            {
                counts.Told(1);
                return true;
            }
            if (answered == Answered.Refused)
            {
                await store.SetAsideAsync(webhook, new(one.Id, one.Name, one.Mailbox.ToString(), status, time.GetUtcNow()), cancel).ConfigureAwait(false);
                counts.Refused();
                return true;
            }
            await attempts.WaitAsync(retryAfter, cancel).ConfigureAwait(false);
        }
        counts.Dropped(1);
        return true;
    }

    async Task<(Answered Answered, int Status, TimeSpan RetryAfter)> CallAsync(WebhookEvent one, CancellationToken cancel)
    {
        var body = one.ToBody();
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Webhook-Name", webhook.Name);
        WebhookSignature.Add(request, webhook.Secrets, one.Id, time.GetUtcNow(), body.Span);
        using var answer = await outbound.SendAsync(request, s_patience, cancel).ConfigureAwait(false);
        var answered = Of(answer);
        if (answered == Answered.Refused) log.WebhookRefuses(webhook.Name, (int)answer!.StatusCode, one.Id);
        else if (counts.IsFailing && answered == Answered.Taken) log.WebhookRecovered(webhook.Name);
        else if (!counts.IsFailing && answered == Answered.Later) log.WebhookFails(webhook.Name);
        counts.Called(answered == Answered.Taken);
        return (answered, (int?)answer?.StatusCode ?? 0, answer is null ? TimeSpan.Zero : RetryAfterOf(answer));
    }

    // A 4xx says that the call is wrong, and so it would be again; but for those that say: not now (RFC 9110 section 15.5, RFC 6585, RFC 8470).
    static Answered Of(HttpResponseMessage? answer) => (int?)answer?.StatusCode switch
    {
        >= 200 and <= 299 => Answered.Taken,
        410 => Answered.Gone,
        408 or 425 or 429 => Answered.Later,
        >= 400 and <= 499 => Answered.Refused,
        _ => Answered.Later,
    };

    TimeSpan RetryAfterOf(HttpResponseMessage answer) => answer.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } => date - time.GetUtcNow(),
        _ => TimeSpan.Zero,
    };
}

/// <summary>A call that an endpoint refused for good.</summary>
/// <param name="Status">What it answered.</param>
sealed record RefusedCall(string Id, string Type, string Mailbox, int Status, DateTimeOffset At);

/// <summary>Calls of the gateway's own to backends: no proxy, no cookies, no redirects, and an end to waiting. Safe from any thread.</summary>
sealed class Outbound(TimeProvider time) : IDisposable
{
    readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        // Who moves a name to another address is found.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <returns>The answer, of which the head has come; null where there is none.</returns>
    public async Task<HttpResponseMessage?> SendAsync(HttpRequestMessage request, TimeSpan timeout, CancellationToken cancel)
    {
        using var late = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, late.Token);
        try
        {
            return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, either.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    public void Dispose() => _http.Dispose();
}
