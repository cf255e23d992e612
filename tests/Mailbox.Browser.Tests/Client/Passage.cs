using System.Net.Sockets;
using System.Text;

namespace Mailbox.Browser.Tests.Client;

/// <summary>One connection through the proxy: bytes are passed up as they are, and down by its fate.</summary>
sealed class Passage : IDisposable
{
    const int Held = 64 * 1024;
    const int Crumb = 40;
    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(2);
    static readonly TimeSpan s_stall = TimeSpan.FromSeconds(1);
    static readonly byte[] s_badGateway = Encoding.ASCII.GetBytes(
        "HTTP/1.1 502 Bad Gateway\r\nContent-Type: text/html\r\nContent-Length: 24\r\nConnection: close\r\n\r\n<h1>502 Bad Gateway</h1>");

    readonly Socket _client;
    readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    readonly CancellationTokenSource _end = new();
    readonly Fate _fate;
    readonly int _after;

    /// <param name="after">How many bytes of the answers pass before the fate strikes.</param>
    public Passage(Socket client, Uri server, Fate fate, int after)
    {
        (_client, _fate, _after) = (client, fate, after);
        Ended = RunAsync(server);
    }

    public Task Ended { get; }

    public void End() => _end.Cancel();

    public void Dispose()
    {
        _end.Dispose();
        _server.Dispose();
    }

    async Task RunAsync(Uri server)
    {
        try
        {
            await _server.ConnectAsync(server.Host, server.Port, _end.Token);
            var up = UpAsync();
            await (_fate == Fate.BadGateway ? RefuseAsync() : DownAsync());
            await _end.CancelAsync();
            await up;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            // Its end, by either side or by the test.
        }
        finally
        {
            _client.Dispose();
            _server.Close();
        }
    }

    async Task UpAsync()
    {
        var buffer = new byte[8192];
        for (int count; (count = await _client.ReceiveAsync(buffer, _end.Token)) > 0;)
            if (_fate != Fate.BadGateway) await SendAsync(_server, buffer.AsMemory(0, count));
        await _end.CancelAsync();
    }

    async Task RefuseAsync()
    {
        await SendAsync(_client, s_badGateway);
        _client.Shutdown(SocketShutdown.Send);
        await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _end.Token);
    }

    async Task DownAsync()
    {
        var buffer = new byte[Held];
        for (var passed = 0; await ReceiveAsync(buffer) is var count and > 0; passed += count)
        {
            var rest = _fate == Fate.Passed ? count : Math.Min(count, _after - passed);
            await (_fate == Fate.Slow ? CrumbleAsync(buffer.AsMemory(0, rest)) : SendAsync(_client, buffer.AsMemory(0, rest)));
            if (rest == count) continue;
            if (_fate == Fate.HalfOpen) await Task.Delay(Timeout.InfiniteTimeSpan, TimeProvider.System, _end.Token);
            if (_fate != Fate.Stalled) return;
            await Task.Delay(s_stall, TimeProvider.System, _end.Token);
            await SendAsync(_client, buffer.AsMemory(rest, count - rest));
            return;
        }
    }

    async Task<int> ReceiveAsync(byte[] buffer)
    {
        var held = 0;
        do
        {
            var count = await _server.ReceiveAsync(buffer.AsMemory(held), _end.Token);
            if (count == 0) return held;
            held += count;
        }
        while (_fate == Fate.Buffered && held < Held && !IsWhole(buffer.AsSpan(0, held)));
        return held;
    }

    // The server writes the answers that have a length in one piece.
    static bool IsWhole(ReadOnlySpan<byte> answer) => answer.IndexOf("Content-Length:"u8) >= 0;

    async Task CrumbleAsync(ReadOnlyMemory<byte> bytes)
    {
        for (var at = 0; at < bytes.Length; at += Crumb)
        {
            await SendAsync(_client, bytes[at..Math.Min(bytes.Length, at + Crumb)]);
            await Task.Delay(s_pause, TimeProvider.System, _end.Token);
        }
    }

    async Task SendAsync(Socket socket, ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty) bytes = bytes[await socket.SendAsync(bytes, _end.Token)..];
    }
}
