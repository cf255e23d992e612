using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway.Tests;

/// <summary>A client that leaves takes its request back from the application; WebSockets end with either side.</summary>
public sealed class LeavingTests
{
    [Theory]
    [InlineData(false, false)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task The_application_learns_that_the_client_left(bool hasBegun, bool isHttp2)
    {
        var (asked, left) = (new TaskCompletionSource(), new TaskCompletionSource());
        await using var app = await Application.StartAsync(
            async http =>
            {
                http.RequestAborted.Register(() => left.TrySetResult());
                if (hasBegun) await http.Response.Body.FlushAsync();
                asked.SetResult();
                await left.Task;
            },
            backend: new() { AnswerTimeout = TimeSpan.FromHours(1) },
            isHttp2: isHttp2);
        using var leave = new CancellationTokenSource();
        var asking = app.Http.GetAsync(new Uri("/", UriKind.Relative), HttpCompletionOption.ResponseHeadersRead, leave.Token);
        await asked.Task.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        if (hasBegun) (await asking).Dispose();
        await leave.CancelAsync();
        // On HTTP/1.1 it might only have ended its side: there is time for the answer.
        await GatewayHost.UntilAsync(() =>
        {
            app.Gateway.Time.Pass(TimeSpan.FromMilliseconds(10));
            return left.Task.IsCompleted;
        });
        await Record.ExceptionAsync(() => asking);
    }

    [Fact]
    public async Task A_body_that_the_client_breaks_off_is_broken_off_for_the_application()
    {
        var (begun, ended) = (new TaskCompletionSource(), new TaskCompletionSource<Exception?>());
        await using var app = await Application.StartAsync(async http =>
        {
            await http.Request.Body.ReadExactlyAsync(new byte[4]);
            begun.SetResult();
            ended.SetResult(await Record.ExceptionAsync(() => http.Request.Body.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken)));
        });
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nhalf");
        await begun.Task.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        raw.Socket.Close(0);
        Assert.NotNull(await ended.Task.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_WebSocket_goes_through_and_ends_with_its_close()
    {
        await using var app = await Application.StartAsync(EchoAsync);
        using var socket = await ConnectAsync(app);
        Assert.Equal("chat", socket.SubProtocol);
        foreach (var text in new[] { "a", new string('b', 70_000) })
        {
            await socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, TestContext.Current.CancellationToken);
            Assert.Equal(text, await ReceiveAsync(socket));
        }
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", TestContext.Current.CancellationToken);
        Assert.Equal("bye", socket.CloseStatusDescription);
    }

    // RFC 9110 section 9.3.6: what is left of the one direction goes through when the other has ended.
    [Fact]
    public async Task A_tunnel_whose_client_has_said_all_brings_what_the_application_still_says()
    {
        await using var app = await RawApplication.StartAsync();
        using var client = await RawConnection.SayAsync(app.Gateway.Address, "GET /t HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
        var (wire, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
        await client.Wire.UntilAsync("\r\n\r\n");
        await client.SayAsync(new string('a', 100_000));
        client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.Equal(100_000, (await wire.RestAsync()).Length);
        await RawApplication.SayAsync(application, "last words");
        application.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        Assert.Equal("last words", await client.Wire.RestAsync());
    }

    [Fact]
    public async Task A_tunnel_whose_client_has_said_all_ends_when_the_application_is_silent()
    {
        await using var app = await RawApplication.StartAsync(new() { AnswerTimeout = TimeSpan.FromSeconds(5) });
        using var client = await RawConnection.SayAsync(app.Gateway.Address, "GET /t HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
        var (wire, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: raw\r\n\r\n");
        await client.Wire.UntilAsync("\r\n\r\n");
        client.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        await wire.RestAsync();
        var ended = Record.ExceptionAsync(client.Wire.RestAsync);
        await GatewayHost.UntilAsync(() =>
        {
            app.Gateway.Time.Advance(TimeSpan.FromMilliseconds(100));
            return ended.IsCompleted;
        });
    }

    [Fact]
    public async Task A_WebSocket_whose_application_dies_breaks()
    {
        await using var app = await Application.StartAsync(static async http =>
        {
            using var socket = await http.WebSockets.AcceptWebSocketAsync("chat");
            await socket.ReceiveAsync(new byte[1].AsMemory(), default);
            http.Abort();
        });
        using var socket = await ConnectAsync(app);
        await socket.SendAsync(new byte[1], WebSocketMessageType.Binary, true, TestContext.Current.CancellationToken);
        await Assert.ThrowsAsync<WebSocketException>(() => ReceiveAsync(socket));
    }

    [Fact]
    public async Task A_WebSocket_that_is_refused_is_an_ordinary_answer()
    {
        await using var app = await Application.StartAsync(static http =>
        {
            http.Response.StatusCode = 403;
            return http.Response.WriteAsync("no");
        });
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 403 ", await raw.Wire.UntilAsync("no"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("h2c")]
    [InlineData("HTTP/2.0")]
    [InlineData("TLS/1.0, websocket")]
    public async Task A_client_gets_no_tunnel_in_which_it_could_speak_HTTP_to_the_application(string protocol)
    {
        await using var app = await RawApplication.StartAsync();
        using var client = await RawConnection.SayAsync(app.Gateway.Address, $"GET / HTTP/1.1\r\nHost: h\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: {protocol}\r\nHTTP2-Settings: x\r\n\r\n");
        var (_, _, head) = await app.TakeAsync();
        Assert.DoesNotContain("upgrade", head, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("HTTP2-Settings", head, StringComparison.OrdinalIgnoreCase);
    }

    static async Task<ClientWebSocket> ConnectAsync(Application app)
    {
        var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("chat");
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        await socket.ConnectAsync(new UriBuilder(app.Gateway.Address) { Scheme = "ws", Path = "/socket" }.Uri, patience.Token);
        return socket;
    }

    static async Task EchoAsync(HttpContext http)
    {
        using var socket = await http.WebSockets.AcceptWebSocketAsync("chat");
        var buffer = new byte[4096];
        while (await socket.ReceiveAsync(buffer.AsMemory(), default) is { MessageType: not WebSocketMessageType.Close } part)
            await socket.SendAsync(buffer.AsMemory(0, part.Count), part.MessageType, part.EndOfMessage, default);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, socket.CloseStatusDescription, default);
    }

    static async Task<string> ReceiveAsync(ClientWebSocket socket)
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        using var text = new MemoryStream();
        var buffer = new byte[4096];
        ValueWebSocketReceiveResult part;
        do
        {
            part = await socket.ReceiveAsync(buffer.AsMemory(), patience.Token);
            text.Write(buffer, 0, part.Count);
        }
        while (!part.EndOfMessage);
        return Encoding.UTF8.GetString(text.ToArray());
    }
}
