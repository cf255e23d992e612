using System.Net.Sockets;

namespace Mailbox.Proof.Network;

/// <summary>The two halves of one connection through the balancer. When one side ends, both do.</summary>
sealed class Relay(Socket client, Socket server) : IDisposable
{
    const int Chunk = 16 << 10;

    readonly CancellationTokenSource _end = new();
    volatile bool _isSilent;

    public async Task RunAsync() => await Task.WhenAll(PumpAsync(client, server), PumpAsync(server, client));

    /// <summary>What comes from now on is dropped: it will never arrive, however late.</summary>
    public void Silence() => _isSilent = true;

    public void Break()
    {
        try
        {
            _end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended by itself meanwhile.
        }
    }

    public void Dispose() => _end.Dispose();

    async Task PumpAsync(Socket from, Socket to)
    {
        var buffer = new byte[Chunk];
        try
        {
            while (await from.ReceiveAsync(buffer, _end.Token) is > 0 and var count)
                if (!_isSilent) await SendAsync(to, buffer.AsMemory(0, count));
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            // An end like any other.
        }
        await _end.CancelAsync();
    }

    async Task SendAsync(Socket to, ReadOnlyMemory<byte> bytes)
    {
        while (bytes.Length > 0) bytes = bytes[await to.SendAsync(bytes, _end.Token)..];
    }
}
