using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>A client of <c>mailbox.v1</c>: the framework's WebSocket over a real connection.</summary>
sealed class SocketClient(ClientWebSocket socket) : IDisposable
{
    readonly byte[] _buffer = new byte[4 << 20];

    public ClientWebSocket Socket => socket;

    /// <param name="path">With its query.</param>
    public static async Task<SocketClient> OpenAsync(GatewayHost host, string path, Action<ClientWebSocketOptions>? set = null, bool isHttp2 = false)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mailbox.v1");
        if (isHttp2) (socket.Options.HttpVersion, socket.Options.HttpVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        socket.Options.CollectHttpResponseDetails = true;
        set?.Invoke(socket.Options);
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        var http = isHttp2 ? new HttpMessageInvoker(new SocketsHttpHandler { UseProxy = false }) : null;
        await socket.ConnectAsync(new UriBuilder(new Uri(host.Address, path)) { Scheme = "ws" }.Uri, http, patience.Token);
        return new(socket);
    }

    /// <returns>The next message's text; null where the server has closed.</returns>
    public async Task<string?> NextAsync()
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        var length = 0;
        while (true)
        {
            var part = await socket.ReceiveAsync(_buffer.AsMemory(length), patience.Token);
            if (part.MessageType == WebSocketMessageType.Close) return null;
            length += part.Count;
            if (part.EndOfMessage) return Encoding.UTF8.GetString(_buffer, 0, length);
        }
    }

    /// <summary>Reads up to the next message that has a member.</summary>
    public async Task<JsonElement> NextAsync(string member)
    {
        while (true)
        {
            var text = await NextAsync();
            Assert.True(text is not null, $"The server closed with {socket.CloseStatus}: {socket.CloseStatusDescription}");
            using var json = JsonDocument.Parse(text);
            if (json.RootElement.TryGetProperty(member, out var value)) return value.Clone();
        }
    }

    public async Task SayAsync(string text, WebSocketMessageType type = WebSocketMessageType.Text, bool isEnd = true)
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        await socket.SendAsync(Encoding.UTF8.GetBytes(text), type, isEnd, patience.Token);
    }

    /// <summary>Reads to the server's close.</summary>
    /// <returns>What it told before, and the code.</returns>
    public async Task<(string Closed, int Code)> EndAsync()
    {
        var closed = (await NextAsync("closed")).GetRawText();
        Assert.Null(await NextAsync());
        await CloseAsync();
        return (closed, (int)socket.CloseStatus!.Value);
    }

    public async Task CloseAsync()
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "", patience.Token);
    }

    public void Dispose() => socket.Dispose();
}
