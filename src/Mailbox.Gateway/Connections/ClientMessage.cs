using System.Buffers;
using System.Net.WebSockets;

namespace Mailbox.Gateway;

/// <summary>One message of a WebSocket's client, gathered from its fragments. Memory is rented from its first byte on until it has been dealt with.</summary>
sealed class ClientMessage(int limit) : IDisposable
{
    const int FirstRent = 1024;

    byte[] _buffer = [];
    int _length;

    /// <summary>The whole of it or, where it is too large, its beginning.</summary>
    public ReadOnlyMemory<byte> Text => _buffer.AsMemory(0, Math.Min(_length, limit));

    public bool IsTooLarge { get; private set; }

    public async ValueTask<WebSocketMessageType> ReceiveAsync(WebSocket socket)
    {
        Dispose();
        var part = await socket.ReceiveAsync(Memory<byte>.Empty, CancellationToken.None).ConfigureAwait(false);
        while (!part.EndOfMessage && part.MessageType != WebSocketMessageType.Close)
        {
            IsTooLarge |= _length > limit;
            // The rest of one that is too large is read, so that it can be refused alone, and is kept nowhere.
            var start = IsTooLarge ? limit : _length;
            if (start == _buffer.Length) Grow();
            part = await socket.ReceiveAsync(_buffer.AsMemory(start), CancellationToken.None).ConfigureAwait(false);
            _length = start + part.Count;
        }
        IsTooLarge |= _length > limit;
        return part.MessageType;
    }

    void Grow()
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRent, _length * 2));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    public void Dispose()
    {
        if (_buffer.Length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length, IsTooLarge) = ([], 0, false);
    }
}
