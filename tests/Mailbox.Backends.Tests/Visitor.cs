using System.Net;

namespace Mailbox.Backends.Tests;

/// <summary>A browser: it keeps its cookie, and reads its own mailbox.</summary>
sealed class Visitor(Uri gateway) : IDisposable
{
    readonly HttpClient _http = new() { BaseAddress = gateway, Timeout = Running.Patience };

    public async Task<string> VisitAsync() => await _http.GetStringAsync("/");

    public async Task<HttpStatusCode> SayAsync(string words)
    {
        using var answer = await _http.PostAsync("/", new StringContent(words));
        return answer.StatusCode;
    }

    /// <summary>What has come, as JSON; waits for a letter where none has.</summary>
    public Task<string> ReadAsync(int wait) => _http.GetStringAsync($"/mailboxes/+me?wait={wait}");

    public void Dispose() => _http.Dispose();
}
