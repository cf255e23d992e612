using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>Lies between Npgsql and the server, and breaks connections at the byte that a test says.</summary>
sealed class DatabaseRelay : IDisposable
{
    const int CancelRequest = 80877102;

    readonly int _server;
    readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    readonly CancellationTokenSource _end = new();
    readonly Lock _lock = new();
    readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    long _requestsLeft = long.MaxValue;
    long _answersLeft = long.MaxValue;
    bool _keepsServer;

    public DatabaseRelay(PostgresServer server)
    {
        _server = new Npgsql.NpgsqlConnectionStringBuilder(server.ConnectionString).Port;
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _ = AcceptAsync();
    }

    public int Port { get; }

    /// <summary>Bytes that went to the server, and to the client.</summary>
    public (long Requests, long Answers) Bytes { get; private set; }

    /// <summary>How often the server said that it waits for the next request: one for each round trip.</summary>
    public int RoundTrips { get; private set; }

    public int CancelRequests { get; private set; }

    /// <summary>What the server says to a request whose rest comes after <see cref="Release"/>; set when the server has closed the connection.</summary>
    public TaskCompletionSource LateRequestEnded { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Breaks the connection when so many more bytes have gone to the server.</summary>
    public void CutRequestAfter(long bytes)
    {
        lock (_lock) _requestsLeft = bytes;
    }

    /// <summary>As <see cref="CutRequestAfter"/>, but the server notices nothing, and gets the rest after <see cref="Release"/>.</summary>
    public void HoldRequestAfter(long bytes)
    {
        lock (_lock) (_requestsLeft, _keepsServer) = (bytes, true);
    }

    public void Release() => _released.SetResult();

    /// <summary>Breaks the connection when so many more bytes have come from the server and it has still something to say.</summary>
    public void CutAnswerAfter(long bytes)
    {
        lock (_lock) _answersLeft = bytes;
    }

    /// <summary>From now on nothing that the server says arrives, on connections that exist.</summary>
    public void Silence()
    {
        lock (_lock) IsSilent = true;
    }

    bool IsSilent { get; set; }

    public void Dispose()
    {
        _end.Cancel();
        _listener.Dispose();
    }

    async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptSocketAsync(_end.Token);
                lock (_lock) IsSilent = false;
                _ = RelayAsync(client);
            }
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The test is over.
        }
    }

    async Task RelayAsync(Socket client)
    {
        using var server = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        client.NoDelay = true;
        try
        {
            await server.ConnectAsync(IPAddress.Loopback, _server, _end.Token);
            await Task.WhenAll(RequestsAsync(client, server), AnswersAsync(server, client));
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Broken, as the test wants it or because one side has gone.
        }
        finally
        {
            client.Dispose();
        }
    }

    async Task RequestsAsync(Socket client, Socket server)
    {
        var buffer = new byte[1 << 16];
        var isFirst = true;
        while (await client.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
        {
            long pass;
            lock (_lock)
            {
                if (isFirst && count >= 8 && BinaryPrimitives.ReadInt32BigEndian(buffer.AsSpan(4)) == CancelRequest) CancelRequests++;
                isFirst = false;
                pass = Math.Min(count, _requestsLeft);
                if (_requestsLeft != long.MaxValue) _requestsLeft -= pass;
                Bytes = (Bytes.Requests + pass, Bytes.Answers);
            }
            await SendAsync(server, buffer.AsMemory(0, (int)pass));
            if (pass == count) continue;
            bool keeps;
            lock (_lock) (_requestsLeft, keeps, _keepsServer) = (long.MaxValue, _keepsServer, false);
            client.Dispose();
            if (keeps)
            {
                await _released.Task;
                await SendLateAsync(server, buffer.AsMemory((int)pass..count));
            }
            break;
        }
        server.Dispose();
    }

    async Task SendLateAsync(Socket server, ReadOnlyMemory<byte> rest)
    {
        try
        {
            await SendAsync(server, rest);
            server.Shutdown(SocketShutdown.Send);
            var buffer = new byte[1 << 12];
            while (await server.ReceiveAsync(buffer, _end.Token) > 0) { }
        }
        catch (SocketException)
        {
            // The server has ended the connection meanwhile.
        }
        LateRequestEnded.SetResult();
    }

    async Task AnswersAsync(Socket server, Socket client)
    {
        var buffer = new byte[1 << 16];
        var messages = new MessageCounter();
        try
        {
            while (await server.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
            {
                long pass;
                bool isSilent;
                lock (_lock)
                {
                    RoundTrips += messages.ReadyIn(buffer.AsSpan(0, count));
                    isSilent = IsSilent;
                    pass = Math.Min(count, _answersLeft);
                    if (_answersLeft != long.MaxValue) _answersLeft -= pass;
                    Bytes = (Bytes.Requests, Bytes.Answers + pass);
                }
                if (isSilent) continue;
                await SendAsync(client, buffer.AsMemory(0, (int)pass));
                if (pass == count) continue;
                lock (_lock) _answersLeft = long.MaxValue;
                server.Dispose();
                break;
            }
        }
        finally
        {
            client.Dispose();
        }
    }

    async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, _end.Token)..];
    }

    /// <summary>Counts the messages ReadyForQuery in what comes from the server: a byte for the kind, and the length.</summary>
    sealed class MessageCounter
    {
        readonly byte[] _header = new byte[5];
        int _inHeader;
        int _bodyLeft;

        public int ReadyIn(ReadOnlySpan<byte> bytes)
        {
            var ready = 0;
            while (bytes.Length > 0)
            {
                var skip = Math.Min(_bodyLeft, bytes.Length);
                _bodyLeft -= skip;
                bytes = bytes[skip..];
                if (bytes.Length == 0) break;
                _header[_inHeader++] = bytes[0];
                bytes = bytes[1..];
                if (_inHeader < _header.Length) continue;
                _inHeader = 0;
                _bodyLeft = BinaryPrimitives.ReadInt32BigEndian(_header.AsSpan(1)) - 4;
                if (_header[0] == (byte)'Z') ready++;
            }
            return ready;
        }
    }
}
