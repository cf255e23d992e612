using System.Net.Sockets;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>A WebSocket client that sends exactly the bytes it is told to, masked with zeroes.</summary>
sealed class RawSocket : IDisposable
{
    public const string Request = "GET /mailboxes/a HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
        + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: mailbox.v1\r\n";

    readonly RawConnection _raw;

    RawSocket(RawConnection raw) => _raw = raw;

    public Wire Wire => _raw.Wire;

    /// <summary>The server has ended the connection.</summary>
    public bool IsEnded => _raw.Socket.Poll(0, SelectMode.SelectRead) && _raw.Socket.Available == 0;

    public static async Task<RawSocket> OpenAsync(Uri address, int? receiveBuffer = null, string path = "/mailboxes/a")
    {
        var request = Request.Replace("/mailboxes/a", path, StringComparison.Ordinal);
        var socket = new RawSocket(await RawConnection.SayAsync(address, request + "\r\n", receiveBuffer));
        await socket.Wire.UntilAsync("\"}");
        return socket;
    }

    /// <summary>One frame.</summary>
    /// <param name="text">Each character one byte.</param>
    public Task SayAsync(byte first, string text) => SayAsync(Frame(first, text));

    /// <summary>Bytes as they are.</summary>
    public Task SayAsync(string bytes) => _raw.SayAsync(bytes);

    public static string Frame(byte first, string text)
    {
        var head = text.Length < 126
            ? new[] { first, (byte)(0x80 | text.Length) }
            : [first, 0xfe, (byte)(text.Length >> 8), (byte)text.Length];
        return Encoding.Latin1.GetString(head) + "\0\0\0\0" + text;
    }

    public void Dispose() => _raw.Dispose();
}
