using System.Net.Http.Headers;
using System.Net.ServerSentEvents;

namespace Mailbox.Load;

/// <summary>The requests of the load tests.</summary>
sealed class Client : IDisposable
{
    readonly HttpClient _http;
    readonly LoadOptions _options;

    public Client(LoadOptions options)
    {
        if (!options.Target.StartsWith("127.", StringComparison.Ordinal)) throw new ArgumentException("Only 127.0.0.0/8 is allowed.");
        _options = options;
        _http = new(new SocketsHttpHandler { UseCookies = false, UseProxy = false })
        {
            BaseAddress = new($"http://{options.Target}/"),
            Timeout = Timeout.InfiniteTimeSpan,
        };
    }

    public Task JoinAsync(int reader, CancellationToken cancel) =>
        SendAsync(HttpMethod.Put, $"groups/{_options.Label}/members/{Name(reader)}", null, cancel);

    public Task SendToGroupAsync(byte[] body, CancellationToken cancel) => SendAsync(HttpMethod.Post, $"groups/{_options.Label}", body, cancel);

    public Task DeliverAsync(int mailbox, byte[] body, CancellationToken cancel) =>
        SendAsync(HttpMethod.Post, $"mailboxes/{Name(mailbox)}", body, cancel);

    /// <summary>Opens a mailbox as an event stream.</summary>
    /// <param name="opened">Called when the head of the response is there.</param>
    public async IAsyncEnumerable<string> ReadAsync(
        int mailbox, string query, Action opened, [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"mailboxes/{Name(mailbox)}{query}");
        request.Headers.Accept.Add(new("text/event-stream"));
        using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
        response.EnsureSuccessStatusCode();
        opened();
        await using var stream = await response.Content.ReadAsStreamAsync(cancel);
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancel)) yield return item.Data;
    }

    async Task SendAsync(HttpMethod method, string path, byte[]? body, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(method, path);
        if (body is not null) request.Content = new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue("text/plain") } };
        using var response = await _http.SendAsync(request, cancel);
        response.EnsureSuccessStatusCode();
    }

    string Name(int index) => $"{_options.Label}-{index}";

    public void Dispose() => _http.Dispose();
}
