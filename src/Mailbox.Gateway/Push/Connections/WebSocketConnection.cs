using System.Buffers;
using System.Buffers.Binary;
using System.IO.Pipelines;
using System.Net.WebSockets;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Station 6: a held WebSocket. What its client says is read by <see cref="ClientFrames"/> beside it; the answers, and the ending that bad
/// frames bring, are left here for the connection's owner to write.
/// </summary>
sealed class WebSocketConnection(HeldConnections held, HttpContext http) : StreamConnection(held, http, s_transport)
{
    // A frame's first byte, without the bit that says that it is the last.
    const int OpcodeBits = 0x0f;
    const int CloseOpcode = 8;
    const int CloseHead = 2;

    // Browsers answer a ping at once, also of a page that sleeps.
    const int MostUnanswered = 2;

    static readonly WebSocketTransport s_transport = new();

    readonly Answers _answers = new();
    UpgradedWriter? _writer;
    Closing? _refusal;
    int? _goodbye;
    int _unanswered;

    protected override PipeWriter Writer => _writer!;

    /// <summary>The framework's verdict over bytes that are no WebSocket's; null while there is none.</summary>
    public int? Fault { get; private set; }

    /// <summary>Runs the connection until it ends, as <see cref="HeldConnection.HoldAsync"/>, on what has taken the response's place.</summary>
    public Task HoldAsync(IMailboxReader reader, Stream stream)
    {
        _writer = new(stream);
        return HoldAsync(reader, Held.FirstHeartbeat);
    }

    /// <summary>The client was told to go.</summary>
    public bool IsOver => IsComplete || Volatile.Read(ref _refusal) is not null;

    /// <summary>Something came from the client, be it a pong.</summary>
    public void Heard() => Volatile.Write(ref _unanswered, 0);

    /// <summary>A control frame that the framework would send.</summary>
    public ValueTask Control(ReadOnlyMemory<byte> frame)
    {
        if ((frame.Span[0] & OpcodeBits) != CloseOpcode) return new(AnswerAsync(frame.Span, static (writer, frame) => writer.Write(frame)));
        Fault = BinaryPrimitives.ReadUInt16BigEndian(frame.Span[CloseHead..]);
        return ValueTask.CompletedTask;
    }

    /// <returns>Completes when the client may be read on.</returns>
    public Task AnswerAsync<T>(T answer, Action<IBufferWriter<byte>, T> write) where T : allows ref struct
    {
        var room = _answers.Add(answer, write);
        Post(Work.Answer);
        return room;
    }

    /// <summary>Ends the connection because of what its client said.</summary>
    public void Refuse(Closing closing)
    {
        Volatile.Write(ref _refusal, closing);
        Post(Work.Answer);
    }

    /// <summary>The client has closed: that is answered in kind, and nothing more is said (RFC 6455 section 5.5.1).</summary>
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

    /// <summary>It has completed: nobody is to wait for a place for an answer.</summary>
    public void Release() => _answers.Close();

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
/// Frames that answer a client's own, until the connection's owner writes them. Where so many wait that the client evidently does not read,
/// it is not read either.
/// </summary>
sealed class Answers
{
    const int MostBytes = 4096;

    readonly Lock _lock = new();
    ArrayBufferWriter<byte>? _frames;
    TaskCompletionSource? _taken;
    bool _isClosed;

    /// <param name="write">Writes whole frames.</param>
    /// <returns>Completes when more may be added.</returns>
    public Task Add<T>(T frame, Action<IBufferWriter<byte>, T> write) where T : allows ref struct
    {
        lock (_lock)
        {
            if (_isClosed) return Task.CompletedTask;
            write(_frames ??= new(), frame);
            if (_frames.WrittenCount < MostBytes) return Task.CompletedTask;
            return (_taken ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
    }

    /// <returns>False where there were none.</returns>
    public bool MoveTo(IBufferWriter<byte> writer)
    {
        lock (_lock)
        {
            if (_frames is null) return false;
            writer.Write(_frames.WrittenSpan);
            Release();
            return true;
        }
    }

    /// <summary>Nobody will write them any more.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
            Release();
        }
    }

    void Release()
    {
        _taken?.SetResult();
        (_frames, _taken) = (null, null);
    }
}

/// <summary>
/// The bytes below a WebSocket that the framework reads (RFC 6455) and this gateway writes. What the framework would write, a pong or a
/// close, one whole frame at a time, goes to the connection, because only its owner may write.
/// </summary>
sealed class OpaqueStream(Stream inner, WebSocketConnection connection) : Stream
{
    public override bool CanRead => true;

    public override bool CanWrite => true;

    public override bool CanSeek => false;

    public override long Length => throw new NotSupportedException();

    public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        var count = await inner.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
        connection.Heard();
        return count;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) => connection.Control(buffer);

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Flush()
    {
    }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();
}

/// <summary>
/// What is written to a stream that the server gives in place of a response, which has no pipe of its own. Memory is rented from the first
/// byte on until it has been flushed.
/// </summary>
sealed class UpgradedWriter(Stream stream) : PipeWriter
{
    const int FirstRent = 512;

    byte[] _buffer = [];
    int _length;

    public override void Advance(int bytes) => _length += bytes;

    public override Span<byte> GetSpan(int sizeHint = 0) => GetMemory(sizeHint).Span;

    public override Memory<byte> GetMemory(int sizeHint = 0)
    {
        if (_buffer.Length - _length < Math.Max(sizeHint, 1)) Grow(sizeHint);
        return _buffer.AsMemory(_length);
    }

    public override ValueTask<FlushResult> FlushAsync(CancellationToken cancellationToken = default)
    {
        if (_length == 0) return default;
        var write = stream.WriteAsync(_buffer.AsMemory(0, _length), cancellationToken);
        if (!write.IsCompletedSuccessfully) return EndAsync(write);
        write.GetAwaiter().GetResult();
        Return();
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
            Return();
        }
    }

    void Grow(int sizeHint)
    {
        var larger = ArrayPool<byte>.Shared.Rent(Math.Max(FirstRent, Math.Max(_length * 2, _length + sizeHint)));
        _buffer.AsSpan(0, _length).CopyTo(larger);
        if (_length > 0) ArrayPool<byte>.Shared.Return(_buffer);
        _buffer = larger;
    }

    void Return()
    {
        ArrayPool<byte>.Shared.Return(_buffer);
        (_buffer, _length) = ([], 0);
    }

    public override void CancelPendingFlush() => throw new NotSupportedException();

    public override void Complete(Exception? exception = null)
    {
    }
}
