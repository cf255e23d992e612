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
