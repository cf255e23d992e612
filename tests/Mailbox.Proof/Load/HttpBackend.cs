using System.Text;
using System.Text.Json;
using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>A backend that asks over HTTP. Thread-safe.</summary>
sealed class HttpBackend(Uri address, RunClock clock, Findings findings) : IBackend, IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    static readonly string[] s_undone = ["moved", "draining", "overloaded"];

    readonly Asking _asking = new(clock, findings);
    readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1), PooledConnectionLifetime = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = address,
        Timeout = s_patience,
    };

    public async Task DeliverAsync(Delivery delivery, CancellationToken giveUp)
    {
        var answer = await AskAsync(delivery, () => Post($"/mailboxes/{delivery.Mailbox}", delivery.Id), giveUp);
        if (answer is { } told) delivery.Position = Position.Parse(told.GetProperty("position").GetString()!);
    }

    public async Task SendAsync(GroupSend send, CancellationToken giveUp)
    {
        var query = string.Join('&', send.Except.Select(name => "except=" + name));
        var answer = await AskAsync(send, () => Post($"/groups/{send.Group}?{query}", send.Id), giveUp);
        if (answer is { } told) send.Stored = told.GetProperty("stored").GetInt32();
    }

    /// <summary>Some by the route for one, some by the route for many.</summary>
    public async Task ChangeAsync(string group, IReadOnlyList<Membership> changes, CancellationToken giveUp)
    {
        var deed = changes[0];
        if (changes is [var one])
            await AskAsync(deed, () => new(one.Joins ? HttpMethod.Put : HttpMethod.Delete, $"/groups/{group}/members/{one.Mailbox}"), giveUp);
        else
            await AskAsync(deed, () => Post(group, changes), giveUp);
        foreach (var other in changes.Skip(1)) other.Share(deed);
    }

    public Task RemoveAsync(Removal removal, CancellationToken giveUp) =>
        AskAsync(removal, () => new(HttpMethod.Delete, $"/mailboxes/{removal.Mailbox}"), giveUp);

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel)
    {
        var pauses = new Pauses();
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var (end, body, retryAfter) = await AttemptAsync(() => new(HttpMethod.Get, path), cancel);
            if (end == AttemptEnd.Answered) return JsonElement.Parse(body);
            await clock.PaceAsync(pauses.Next(retryAfter), cancel);
        }
    }

    public void Dispose() => _http.Dispose();

    async Task<JsonElement?> AskAsync(Deed deed, Func<HttpRequestMessage> request, CancellationToken giveUp)
    {
        var text = await _asking.AskAsync(deed, () => AttemptAsync(request, giveUp), giveUp);
        return text is { Length: > 0 } ? JsonElement.Parse(text) : null;
    }

    async Task<Attempt> AttemptAsync(Func<HttpRequestMessage> make, CancellationToken cancel)
    {
        try
        {
            using var request = make();
            using var response = await _http.SendAsync(request, cancel);
            return Judge((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancel)) with { RetryAfter = response.Headers.RetryAfter?.Delta ?? default };
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            return new(AttemptEnd.Unknown, "");
        }
    }

    static Attempt Judge(int status, string body) => status switch
    {
        >= 200 and < 300 or 404 => new(AttemptEnd.Answered, body),
        >= 400 and < 500 => new(AttemptEnd.Refused, $"{status} {body}"),
        _ when Array.Exists(s_undone, reason => body.Contains(":" + reason, StringComparison.Ordinal)) => new(AttemptEnd.Undone, body),
        _ => new(AttemptEnd.Unknown, body),
    };

    static HttpRequestMessage Post(string path, string id) => new(HttpMethod.Post, path)
    {
        Content = new StringContent(Letter.Body(id)),
        Headers = { { "Idempotency-Key", id } },
    };

    static HttpRequestMessage Post(string group, IEnumerable<Membership> changes)
    {
        var body = new
        {
            add = changes.Where(one => one.Joins).Select(one => one.Mailbox),
            remove = changes.Where(one => !one.Joins).Select(one => one.Mailbox),
        };
        return new(HttpMethod.Post, $"/groups/{group}/members")
        {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
    }
}
