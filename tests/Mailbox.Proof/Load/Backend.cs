using System.Text.Json;
using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Asks over HTTP, and asks again in the same words until there is an answer. Thread-safe.</summary>
sealed class Backend(Uri address, RunClock clock, Findings findings) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(3);
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(150);
    static readonly string[] s_undone = ["moved", "draining", "overloaded"];

    readonly HttpClient _http = new(new SocketsHttpHandler { ConnectTimeout = TimeSpan.FromSeconds(1), PooledConnectionLifetime = TimeSpan.FromSeconds(2) })
    {
        BaseAddress = address,
        Timeout = s_patience,
    };

    /// <returns>The answer's body; null if it was none, was refused, or there was no answer before the end.</returns>
    public async Task<JsonElement?> AskAsync(Deed deed, Func<HttpRequestMessage> request, CancellationToken cancel)
    {
        deed.Begun = clock.Now;
        while (!cancel.IsCancellationRequested)
        {
            var begun = clock.Now;
            deed.Attempts++;
            var (status, body) = await AttemptAsync(request, cancel);
            if (status is >= 200 and < 300 or 404) return Answered(deed, body);
            if (status is >= 400 and < 500) return Refused(deed, $"{status} {body}");
            if (!Array.Exists(s_undone, reason => body.Contains(":" + reason, StringComparison.Ordinal))) deed.GivenUp = begun;
            await clock.PaceAsync(s_pause, CancellationToken.None);
        }
        return null;
    }

    public async Task<JsonElement> GetAsync(string path, CancellationToken cancel)
    {
        while (true)
        {
            cancel.ThrowIfCancellationRequested();
            var (status, body) = await AttemptAsync(() => new(HttpMethod.Get, path), cancel);
            if (status is 200 or 404) return JsonElement.Parse(body);
            await clock.PaceAsync(s_pause, cancel);
        }
    }

    public void Dispose() => _http.Dispose();

    /// <returns>Status 0 when nothing was heard.</returns>
    async Task<(int Status, string Body)> AttemptAsync(Func<HttpRequestMessage> make, CancellationToken cancel)
    {
        try
        {
            using var request = make();
            using var response = await _http.SendAsync(request, cancel);
            return ((int)response.StatusCode, await response.Content.ReadAsStringAsync(cancel));
        }
        catch (Exception fault) when (fault is HttpRequestException or IOException or OperationCanceledException)
        {
            return (0, "");
        }
    }

    JsonElement? Answered(Deed deed, string body)
    {
        deed.Answered = clock.Now;
        return body.Length > 0 ? JsonElement.Parse(body) : null;
    }

    JsonElement? Refused(Deed deed, string answer)
    {
        deed.Refused = true;
        findings.Add($"{deed.GetType().Name} refused after {deed.Attempts} attempts: {answer}");
        return null;
    }
}
