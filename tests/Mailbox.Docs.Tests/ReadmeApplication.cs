using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>A server with an application behind it, which the test plays.</summary>
public abstract partial class ReadmeApplication : IAsyncLifetime
{
    readonly TcpListener _application = new(IPAddress.Loopback, 0);

    private protected ReadmeServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        _application.Start();
        Server = new($"http://{_application.LocalEndpoint}");
        await Server.StartAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await Server.StopAsync();
        _application.Dispose();
        GC.SuppressFinalize(this);
    }

    /// <summary>The next request that is forwarded to the application.</summary>
    private protected async Task<WireConnection> TakeAsync() => new(await _application.AcceptTcpClientAsync(TestContext.Current.CancellationToken));

    /// <summary>The token that a request or an answer shows.</summary>
    protected static string TokenIn(string text) => Token().Match(text).Groups[1].Value;

    [GeneratedRegex(@"Multiplex-Token: (\S+)")]
    private static partial Regex Token();
}
