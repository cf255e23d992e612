using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Calls one webhook for each event in its mailbox, in order for each mailbox that an event is about. A call is repeated until the
/// endpoint takes it or the event's time has ended. A call that is refused for good is set aside, so that later ones go on. Further events
/// wait in the webhook's mailbox.
/// </summary>
sealed class WebhookCaller(Webhook webhook, Outbound outbound, WebhookStore store, WebhookCounts counts, TimeProvider time, ILogger log)
{
    // Concurrent calls, each about another mailbox.
    const int MostMailboxes = 8;
    static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(15);
    static readonly TimeSpan s_firstDelay = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_longestDelay = TimeSpan.FromMinutes(5);

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
            if (received.Gap is { } gap) counts.AddDropped(Math.Max(1, gap.To.Sequence - gap.From.Sequence));
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
            // The calls about other mailboxes were cancelled.
        }
        if (!isGone) return;
        // Standard Webhooks: 410 asks for no more calls.
        await store.EndAsync(webhook, time.GetUtcNow(), cancel).ConfigureAwait(false);
        log.WebhookEnded(webhook.Name);
    }

    /// <returns>False where the endpoint wants no further calls.</returns>
    async Task<bool> TellAsync(WebhookEvent one, CancellationToken cancel)
    {
        var delays = new RetryDelays(time, s_firstDelay, s_longestDelay);
        while (one.Expires > time.GetUtcNow())
        {
            var (answered, status, retryAfter) = await CallAsync(one, cancel).ConfigureAwait(false);
            if (answered == Answered.Gone) return false;
            if (answered == Answered.Taken)
            {
                counts.AddEvent();
                return true;
            }
            if (answered == Answered.Refused)
            {
                await store.SetAsideAsync(webhook, new(one.Id, one.Name, one.Mailbox.ToString(), status, time.GetUtcNow()), cancel).ConfigureAwait(false);
                counts.AddRefused();
                return true;
            }
            await delays.WaitAsync(cancel, retryAfter).ConfigureAwait(false);
        }
        counts.AddDropped(1);
        return true;
    }

    async Task<(Answered Answered, int Status, TimeSpan RetryAfter)> CallAsync(WebhookEvent one, CancellationToken cancel)
    {
        var body = one.ToBody();
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Webhook-Name", webhook.Name);
        WebhookSignature.Add(request, webhook.Secrets, one.Id, time.GetUtcNow(), body.Span);
        using var answer = await outbound.SendAsync(request, s_timeout, cancel).ConfigureAwait(false);
        var answered = Of(answer);
        if (answered == Answered.Refused) log.WebhookRefuses(webhook.Name, (int)answer!.StatusCode, one.Id);
        else if (counts.IsFailing && answered == Answered.Taken) log.WebhookRecovered(webhook.Name);
        else if (!counts.IsFailing && answered == Answered.Later) log.WebhookFails(webhook.Name);
        counts.AddCall(answered == Answered.Taken);
        return (answered, (int?)answer?.StatusCode ?? 0, answer is null ? TimeSpan.Zero : RetryAfterOf(answer));
    }

    // A 4xx means that the call is wrong and will be again, except for those that mean: not now (RFC 9110 section 15.5, RFC 6585, RFC 8470).
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
/// <param name="Status">The status of its answer.</param>
sealed record RefusedCall(string Id, string Type, string Mailbox, int Status, DateTimeOffset At);

/// <summary>HTTP calls to webhooks: no proxy, no cookies, no redirects, and a timeout. Safe from any thread.</summary>
sealed class Outbound(TimeProvider time) : IDisposable
{
    readonly HttpClient _http = new(new SocketsHttpHandler
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.All,
        // A name that moves to another address is resolved again.
        PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        ConnectTimeout = TimeSpan.FromSeconds(5),
    })
    {
        Timeout = Timeout.InfiniteTimeSpan,
    };

    /// <returns>The answer, once its head has arrived; null where there is none.</returns>
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

static partial class WebhookCallerLog
{
    [LoggerMessage(2203, LogLevel.Warning, "The webhook {Name} does not take its calls. It is called again, at longer and longer intervals.")]
    public static partial void WebhookFails(this ILogger log, string name);

    [LoggerMessage(2204, LogLevel.Information, "The webhook {Name} takes its calls again.")]
    public static partial void WebhookRecovered(this ILogger log, string name);

    [LoggerMessage(2207, LogLevel.Warning, "The webhook {Name} answered {Status} to the call {Id}, which is set aside.")]
    public static partial void WebhookRefuses(this ILogger log, string name, int status, string id);

    [LoggerMessage(2208, LogLevel.Warning, "The webhook {Name} answered 410: it is ended until it is put again.")]
    public static partial void WebhookEnded(this ILogger log, string name);
}
