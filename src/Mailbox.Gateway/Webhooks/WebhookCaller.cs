using System.Net.Http.Headers;
using System.Text.Json;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Tells one webhook what waits for it: each page of its mailbox as one call or a few, in order, again until the endpoint has taken it or its time
/// has ended. What comes meanwhile waits in the mailbox, not here.
/// </summary>
sealed class WebhookCaller(Webhook webhook, Outbound outbound, WebhookCounts counts, TimeProvider time, ILogger log)
{
    const int MostEvents = 500;
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(15);
    static readonly TimeSpan s_first = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_longest = TimeSpan.FromMinutes(5);

    public async Task TellAsync(IReadOnlyList<Received> page, CancellationToken cancel)
    {
        foreach (var received in page)
            if (received.Gap is { } gap) counts.Dropped(Math.Max(1, gap.To.Sequence - gap.From.Sequence));
        foreach (var events in page.SelectMany(WebhookEvent.In).Where(one => webhook.Wants(one.Name)).Chunk(MostEvents))
            await TellAsync(events, cancel).ConfigureAwait(false);
    }

    async Task TellAsync(WebhookEvent[] events, CancellationToken cancel)
    {
        var attempts = new Attempts(time, s_first, s_longest);
        while (true)
        {
            var alive = Array.FindAll(events, one => one.Expires > time.GetUtcNow());
            if (alive.Length < events.Length) counts.Dropped(events.Length - alive.Length);
            events = alive;
            if (events.Length == 0 || await CallAsync(events, cancel).ConfigureAwait(false)) break;
            await attempts.WaitAsync(cancel).ConfigureAwait(false);
        }
        counts.Told(events.Length);
    }

    /// <returns>Whether the endpoint has taken it: any 2xx.</returns>
    async Task<bool> CallAsync(WebhookEvent[] events, CancellationToken cancel)
    {
        var body = Write(events);
        using var request = new HttpRequestMessage(HttpMethod.Post, webhook.Url) { Content = new ReadOnlyMemoryContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
        request.Headers.Add("Webhook-Name", webhook.Name);
        request.Headers.Add(WebhookSignature.Header, WebhookSignature.Of(webhook.Secret, time.GetUtcNow(), body.Span));
        using var answer = await outbound.SendAsync(request, s_patience, cancel).ConfigureAwait(false);
        var isTaken = answer?.IsSuccessStatusCode == true;
        if (counts.IsFailing && isTaken) log.WebhookRecovered(webhook.Name);
        if (!counts.IsFailing && !isTaken) log.WebhookFails(webhook.Name, events.Length);
        counts.Called(isTaken);
        return isTaken;
    }

    ReadOnlyMemory<byte> Write(WebhookEvent[] events)
    {
        var body = new System.Buffers.ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(body, JsonAnswer.WriterOptions);
        json.WriteStartObject();
        json.WriteString("webhook"u8, webhook.Name);
        json.WriteStartArray("events"u8);
        foreach (var one in events) one.WriteTo(json);
        json.WriteEndArray();
        json.WriteEndObject();
        json.Flush();
        return body.WrittenMemory;
    }
}
