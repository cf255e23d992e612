using System.Net;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway.Tests;

/// <summary>A backend, and an application that says what the test tells it to.</summary>
public abstract class FastCgiTest : IDisposable
{
    protected const string Head = "Content-Type: text/plain\r\n\r\n";

    private protected FastCgiPeer Application { get; } = new();

    private protected FakeTimeProvider Time { get; } = TestTime.Start();

    private protected SaidLog Log { get; } = new();

    private protected FastCgiBackend Backend => field ??= BackendOf(new());

    private protected FastCgiBackend BackendOf(BackendOptions options)
    {
        options.Url = Application.Url;
        return new(options, Time, Log);
    }

    private protected static BackendRequest Request(string target = "/", string method = "GET", Stream? body = null, long? length = null, params KeyValuePair<string, StringValues>[] headers) => new()
    {
        Method = method,
        Target = target,
        Host = "example.org:8080",
        Client = new(IPAddress.Loopback, 5000),
        Server = new(IPAddress.Loopback, 8080),
        Headers = headers,
        Body = body,
        BodyLength = length,
    };

    private protected Task<BackendAnswer> AskAsync(BackendRequest request, CancellationToken cancel = default) =>
        Backend.AskAsync(request, cancel).AsTask().WaitAsync(GatewayHost.Patience, CancellationToken.None);

    private protected static async Task<string> TextOf(BackendAnswer answer)
    {
        using var reader = new StreamReader(answer.Body, Encoding.Latin1);
        return await reader.ReadToEndAsync().WaitAsync(GatewayHost.Patience);
    }

    /// <summary>Asks once and reads the whole answer.</summary>
    private protected async Task<string> AskForTextAsync(BackendRequest request)
    {
        await using var answer = await AskAsync(request);
        return await TextOf(answer);
    }

    public void Dispose()
    {
        Backend.Dispose();
        Application.Dispose();
        GC.SuppressFinalize(this);
    }
}
