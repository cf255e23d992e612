using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>An application that says what a test tells it to, record by record. Written without the code under test.</summary>
sealed class FastCgiPeer : IDisposable
{
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly List<NetworkStream> _connections = [];

    public FastCgiPeer() => _listener.Start();

    public string Url => $"fastcgi://{_listener.LocalEndpoint}";

    public int Accepted => _connections.Count;

    public static byte[] Record(byte type, byte[] content, int padding = 0, byte version = 1, byte id = 1) =>
        [version, type, 0, id, (byte)(content.Length >> 8), (byte)content.Length, (byte)padding, 0, .. content, .. new byte[padding]];

    public static byte[] Output(string text, int padding = 0) => Record(6, Encoding.Latin1.GetBytes(text), padding);

    public static byte[] Errors(string text) => Record(7, Encoding.UTF8.GetBytes(text));

    public static byte[] End(byte status = 0) => Record(3, [0, 0, 0, 0, status, 0, 0, 0]);

    public async Task<NetworkStream> AcceptAsync()
    {
        var socket = await _listener.AcceptSocketAsync().WaitAsync(GatewayHost.Patience);
        var stream = new NetworkStream(socket, ownsSocket: true);
        _connections.Add(stream);
        return stream;
    }

    /// <summary>Reads one record; null for the end of the connection.</summary>
    public static async Task<(byte Type, byte[] Content)?> ReadRecordAsync(NetworkStream connection)
    {
        using var patience = new CancellationTokenSource(GatewayHost.Patience);
        var head = new byte[8];
        if (await connection.ReadAtLeastAsync(head, 8, throwOnEndOfStream: false, patience.Token) < 8) return null;
        var content = new byte[BinaryPrimitives.ReadUInt16BigEndian(head.AsSpan(4)) + head[6]];
        await connection.ReadExactlyAsync(content, patience.Token);
        return (head[1], content[..^head[6]]);
    }

    /// <summary>Reads a whole request.</summary>
    public static async Task<FastCgiAsked> ReadAsync(NetworkStream connection)
    {
        var (begin, pairs, input) = ((byte[]?)null, new List<byte>(), new List<byte>());
        while (true)
        {
            var (type, content) = await ReadRecordAsync(connection) ?? throw new EndOfStreamException();
            if (type == 1) begin = content;
            else if (type == 4) pairs.AddRange(content);
            else if (content.Length == 0) return new(begin!, FastCgiAsked.Parse([.. pairs]), [.. input]);
            else input.AddRange(content);
        }
    }

    /// <summary>Takes a request on a new connection and answers it.</summary>
    public async Task<FastCgiAsked> AnswerAsync(params byte[][] records)
    {
        var connection = await AcceptAsync();
        return await AnswerAsync(connection, records);
    }

    public static async Task<FastCgiAsked> AnswerAsync(NetworkStream connection, params byte[][] records)
    {
        var asked = await ReadAsync(connection);
        foreach (var record in records) await connection.WriteAsync(record);
        return asked;
    }

    public void Dispose()
    {
        _listener.Dispose();
        foreach (var connection in _connections) connection.Dispose();
    }
}
