using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>An application that says exactly what it is told to, to one request after the other, and a gateway in front of it.</summary>
sealed class RawApplication : IAsyncDisposable
{
    readonly TcpListener _listener;
    readonly List<TcpClient> _clients = [];

    RawApplication(TcpListener listener, GatewayHost gateway) => (_listener, Gateway) = (listener, gateway);

    public GatewayHost Gateway { get; }

    public string Url => $"http://{_listener.LocalEndpoint}";

    /// <summary>Whether somebody has connected and was not taken.</summary>
    public bool IsAsked => _listener.Pending();

    public static async Task<RawApplication> StartAsync(BackendOptions? backend = null)
    {
        var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        backend ??= new();
        backend.Url = $"http://{listener.LocalEndpoint}";
        return new(listener, await GatewayHost.StartAsync(backend: backend));
    }

    /// <summary>Takes the next connection and reads a request's head.</summary>
    public async Task<(Wire Wire, TcpClient Client, string Head)> TakeAsync()
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        var client = await _listener.AcceptTcpClientAsync(patience.Token);
        _clients.Add(client);
        var wire = new Wire(null, client.GetStream());
        return (wire, client, await wire.UntilAsync("\r\n\r\n"));
    }

    /// <summary>No request came beside those that were taken: whoever has connected meanwhile said nothing and left.</summary>
    public async Task SeesNoMoreAsync()
    {
        while (_listener.Pending())
        {
            using var client = await _listener.AcceptTcpClientAsync();
            using var patience = new CancellationTokenSource(GatewayHost.Patience);
            Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], patience.Token));
        }
    }

    /// <summary>Answers the next request with these bytes, and ends.</summary>
    public async Task AnswerAsync(string answer)
    {
        var (_, client, _) = await TakeAsync();
        await SayAsync(client, answer);
        client.Client.Shutdown(SocketShutdown.Send);
    }

    public static async Task SayAsync(TcpClient client, string text) => await client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));

    /// <summary>Ends as a process that was killed: with a reset.</summary>
    public static void Kill(TcpClient client)
    {
        client.LingerState = new(true, 0);
        client.Close();
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        foreach (var client in _clients) client.Dispose();
        _listener.Dispose();
    }
}
