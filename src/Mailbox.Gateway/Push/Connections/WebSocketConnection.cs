using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Station 6: a held WebSocket. <see cref="ClientFrames"/> reads the client's frames beside it, and leaves here the answers, and the ending
/// that bad frames bring, for the connection's owner to write.
/// </summary>
sealed class WebSocketConnection(HeldConnections held, HttpContext http) : StreamConnection(held, http, s_transport)
{
    // The first byte of a frame without the bit that marks the last fragment (RFC 6455 section 5.2).
    const int OpcodeBits = 0x0f;
    const int CloseOpcode = 8;
    const int CloseHead = 2;

    // Browsers answer a ping at once, also for a page that sleeps.
    const int MostUnanswered = 2;

    static readonly WebSocketTransport s_transport = new();

    readonly PendingAnswers _answers = new();
    UpgradedWriter? _writer;
    Closing? _refusal;
    int? _goodbye;
    int _unanswered;

    protected override PipeWriter Writer => _writer!;

    /// <summary>The close code with which the framework rejected the client's bytes; null while it has not.</summary>
    public int? ProtocolError { get; private set; }

    /// <summary>The connection has ended, or is to end because of the client's frames.</summary>
    public bool IsOver => IsComplete || Volatile.Read(ref _refusal) is not null;

    /// <summary>Runs the connection until it ends, as <see cref="HeldConnection.HoldAsync"/>.</summary>
    /// <param name="stream">What the response was upgraded to.</param>
    public async Task HoldAsync(IMailboxReader reader, Stream stream)
    {
        _writer = new(stream);
        await HoldAsync(reader, Held.FirstHeartbeat).ConfigureAwait(false);
        _answers.Close();
    }

    /// <summary>Bytes came from the client, perhaps a pong.</summary>
    public void NoteAlive() => Volatile.Write(ref _unanswered, 0);

    /// <summary>Takes a control frame that the framework would send: a pong is queued, a close tells <see cref="ProtocolError"/>.</summary>
    public ValueTask TakeControlFrame(ReadOnlyMemory<byte> frame)
    {
        if ((frame.Span[0] & OpcodeBits) != CloseOpcode) return new(AnswerAsync(frame.Span, static (writer, frame) => writer.Write(frame)));
        ProtocolError = BinaryPrimitives.ReadUInt16BigEndian(frame.Span[CloseHead..]);
        return ValueTask.CompletedTask;
    }

    /// <param name="write">Writes whole frames.</param>
    /// <returns>Completes when the client's next frame may be read.</returns>
    public Task AnswerAsync<T>(T answer, Action<IBufferWriter<byte>, T> write) where T : allows ref struct
    {
        var room = _answers.Add(answer, write);
        Post(Work.Answer);
        return room;
    }

    /// <summary>Ends the connection because of the client's frames.</summary>
    public void Refuse(Closing closing)
    {
        Volatile.Write(ref _refusal, closing);
        Post(Work.Answer);
    }

    /// <summary>The client has closed: the same code is the answer, and the last frame (RFC 6455 section 5.5.1).</summary>
    public void SayGoodbye(int code)
    {
        _goodbye = code;
        Post(Work.Answer);
    }

    /// <summary>The client can be read no more.</summary>
    public void Lose(Exception fault)
    {
        if (fault is not (WebSocketException or IOException or OperationCanceledException or ObjectDisposedException)) Held.Log.ConnectionFailed(fault);
        Leave();
    }

    protected override bool WriteAnswers()
    {
        var hasWritten = _answers.MoveTo(Writer);
        if (_goodbye is not { } code) return hasWritten;
        WebSocketTransport.WriteClose(Writer, code, "");
        return IsLast = true;
    }

    protected override Closing? ClosingOf(ReadStatus status, Work work)
    {
        if (Volatile.Read(ref _refusal) is { } refusal) return refusal;
        if (base.ClosingOf(status, work) is { } closing) return closing;
        return (work & Work.Due) != 0 && Interlocked.Increment(ref _unanswered) > MostUnanswered ? Closing.Of(Ending.Silent) : null;
    }
}

/// <summary>
/// Frames that answer the client's, until the connection's owner writes them. Once <see cref="MostBytes"/> wait, the client evidently does
/// not read, and it is not read either. Safe from any thread.
/// </summary>
sealed class PendingAnswers
{
    const int MostBytes = 4096;

    readonly Lock _lock = new();
    ArrayBufferWriter<byte>? _frames;
    TaskCompletionSource? _room;
    bool _isClosed;

    /// <returns>Completes when there is room for another.</returns>
    public Task Add<T>(T frame, Action<IBufferWriter<byte>, T> write) where T : allows ref struct
    {
        lock (_lock)
        {
            if (_isClosed) return Task.CompletedTask;
            write(_frames ??= new(), frame);
            if (_frames.WrittenCount < MostBytes) return Task.CompletedTask;
            return (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <returns>False where there were none.</returns>
    public bool MoveTo(IBufferWriter<byte> writer)
    {
        lock (_lock)
        {
            if (_frames is null) return false;
            writer.Write(_frames.WrittenSpan);
            Clear();
            return true;
        }
    }

    /// <summary>Drops what waits and all that is added later: the connection has ended.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Clear();
        }
    }

    void Clear()
    {
        _room?.SetResult();
        (_frames, _room) = (null, null);
    }
}

/// <summary>
/// The bytes below a WebSocket that the framework reads (RFC 6455) and this gateway writes. Frames that the framework would write, a pong or
/// a close, one whole frame at a time, go to the connection, because only its owner may write.
/// </summary>
sealed class OpaqueStream(Stream inner, WebSocketConnection connection) : ForwardStream
{
    public override bool CanWrite => true;

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        connection.NoteAlive();
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => connection.TakeControlFrame(buffer);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}

/// <summary>Writes to a stream that the server gives in place of a response, which has no pipe of its own.</summary>
sealed class UpgradedWriter(Stream stream) : PipeWriter
{
    RentedBuffer _buffer;

    public override void Advance(int bytes) => _buffer.Advance(bytes);

    public override Span<byte> GetSpan(int sizeHint = 0) => _buffer.GetFree(sizeHint).Span;

    public override Memory<byte> GetMemory(int sizeHint = 0) => _buffer.GetFree(sizeHint);

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_buffer.Written.IsEmpty) return default;
        var write = stream.WriteAsync(_buffer.Written, cancellationToken);
        if (!write.IsCompletedSuccessfully) return EndAsync(write);
        write.GetAwaiter().GetResult();
        _buffer.Release();
        return default;
    }

    async ValueTask<FlushResult> EndAsync(ValueTask write)
    {
        try
        {
            await write.ConfigureAwait(false);
            return default;
        }
        finally
        {
            _buffer.Release();
        }
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}

/// <summary>A buffer that grows. Its memory is rented from the first byte on until <see cref="Release"/>, so that an idle connection has none.</summary>
struct RentedBuffer
{
    const int FirstRent = 1024;

    byte[]? _bytes;
    int _length;

    public readonly ReadOnlyMemory<byte> Written => _bytes.AsMemory(0, _length);

    /// <returns>At least one byte, and as many as are asked for.</returns>
    public Memory<byte> GetFree(int least)
    {
        if (_bytes is null || _bytes.Length - _length < Math.Max(least, 1))
        {
            var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRent, Math.Max(_length * 2, _length + least)));
            Written.CopyTo(larger);
            if (_bytes is not null) ArrayPool<byte>.Shared.Return(_bytes);
            _bytes = larger;
        }
        return _bytes.AsMemory(_length);
    }

    public void Advance(int bytes) => _length += bytes;

    public void Truncate(int length) => _length = length;

    public void Release()
    {
        if (_bytes is not null) ArrayPool<byte>.Shared.Return(_bytes);
        (_bytes, _length) = (null, 0);
    }
}
