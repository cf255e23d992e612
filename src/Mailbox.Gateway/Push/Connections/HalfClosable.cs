using System.IO.Pipelines;
using System.Threading.Tasks.Sources;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Tokens that end when the client of a request has left.</summary>
static class ClientLeft
{
    /// <summary>
    /// For held responses: ends at once. On HTTP/1.1 it also ends for a client that has closed its own side only, because that looks the
    /// same as one that is gone.
    /// </summary>
    // An HTTP/1.1 connection's token exists already; the request's own would cost 1.1 KB for each held response. A connection of HTTP/2 carries
    // many requests: there only the request's own tells.
    public static CancellationToken Of(HttpContext http)
    {
        if (!http.Request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal)) return http.RequestAborted;
        return http.Features.Get<HalfClosable>()?.Closed ?? http.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed ?? http.RequestAborted;
    }

    /// <summary>
    /// For answers that are sent as soon as they can be: a client that has closed its own side may still read (RFC 9293 section 3.6), so
    /// the answer has some seconds.
    /// </summary>
    public static CancellationToken AnsweringAtOnce(HttpContext http) => http.Features.Get<HalfClosable>() is { } connection && Of(http) == connection.Closed
        ? connection.ClosedForLong
        : Of(http);
}

/// <summary>
/// An HTTP/1.1 connection whose client may close its own side after its request and still get the answer (RFC 9293 section 3.6). The
/// server takes the end of input for a client that left and discards the answer; so the end is hidden from it until it reads the next
/// request.
/// </summary>
sealed class HalfClosable(IDuplexPipe transport, TimeProvider time, CancellationToken closed) : IDuplexPipe
{
    static readonly TimeSpan s_answered = TimeSpan.FromSeconds(5);

    CancellationTokenSource? _forLong;

    public PipeReader Input { get; } = new HalfClosableInput(transport.Input);

    public PipeWriter Output => transport.Output;

    /// <summary>The client's side has ended, or the connection is broken.</summary>
    public CancellationToken Closed => closed;

    /// <summary>
    /// Cancelled five seconds after <see cref="Closed"/>: an answer that needs no waiting has been sent by then. Made when it is first
    /// asked for.
    /// </summary>
    public CancellationToken ClosedForLong
    {
        get
        {
            if (Volatile.Read(ref _forLong) is { } made) return made.Token;
            var forLong = new CancellationTokenSource(Timeout.InfiniteTimeSpan, time);
            if (Interlocked.CompareExchange(ref _forLong, forLong, null) is { } other)
            {
                forLong.Dispose();
                return other.Token;
            }
            closed.UnsafeRegister(static connection => ((HalfClosable)connection!).StartTimer(), this);
            return forLong.Token;
        }
    }

    public static ConnectionDelegate Use(ConnectionDelegate next, TimeProvider time) => connection =>
    {
        var halfClosable = new HalfClosable(connection.Transport, time, connection.ConnectionClosed);
        connection.Features.Set(halfClosable);
        connection.Transport = halfClosable;
        connection.ConnectionClosed = CancellationToken.None;
        return next(connection);
    };

    // The source keeps its timer alive: one without a reference may be collected before it fires.
    void StartTimer() => _forLong!.CancelAfter(s_answered);
}

/// <summary>
/// A client's bytes. Their end is reported only when all bytes before it have been examined: the server takes a body whose last bytes come
/// together with the end for one that broke off. Reads wait without a task or state machine of their own.
/// </summary>
sealed class HalfClosableInput(PipeReader inner) : PipeReader, IValueTaskSource<ReadResult>
{
    ValueTask<ReadResult> _pending;
    Action<object?>? _continuation;
    object? _state;
    Action? _resume;
    SequencePosition _end;
    bool _isEndHidden;
    bool _isExamined;

    public override ValueTask<ReadResult> ReadAsync(CancellationToken cancellationToken = default)
    {
        var read = inner.ReadAsync(cancellationToken);
        if (read.IsCompletedSuccessfully) return new(WithoutEnd(read.GetAwaiter().GetResult()));
        _pending = read;
        return new(this, 0);
    }

    public override bool TryRead(out ReadResult result)
    {
        var isRead = inner.TryRead(out result);
        if (isRead) result = WithoutEnd(result);
        return isRead;
    }

    public override void AdvanceTo(SequencePosition consumed) => AdvanceTo(consumed, consumed);

    public override void AdvanceTo(SequencePosition consumed, SequencePosition examined)
    {
        // Nothing follows the end, so these bytes will not become more.
        if (_isEndHidden && examined.Equals(_end)) _isExamined = true;
        inner.AdvanceTo(consumed, examined);
    }

    public override void CancelPendingRead() => inner.CancelPendingRead();

    public override void Complete(Exception? exception = null) => inner.Complete(exception);

    public override ValueTask CompleteAsync(Exception? exception = null) => inner.CompleteAsync(exception);

    ReadResult IValueTaskSource<ReadResult>.GetResult(short token)
    {
        var pending = _pending;
        (_pending, _continuation, _state) = (default, null, null);
        return WithoutEnd(pending.GetAwaiter().GetResult());
    }

    ValueTaskSourceStatus IValueTaskSource<ReadResult>.GetStatus(short token) =>
        !_pending.IsCompleted ? ValueTaskSourceStatus.Pending
        : _pending.IsCompletedSuccessfully ? ValueTaskSourceStatus.Succeeded
        : _pending.IsCanceled ? ValueTaskSourceStatus.Canceled
        : ValueTaskSourceStatus.Faulted;

    void IValueTaskSource<ReadResult>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags)
    {
        (_continuation, _state) = (continuation, state);
        _pending.ConfigureAwait(false).GetAwaiter().UnsafeOnCompleted(_resume ??= Resume);
    }

    void Resume() => _continuation!(_state);

    ReadResult WithoutEnd(in ReadResult result)
    {
        if (!result.IsCompleted || result.Buffer.IsEmpty || _isExamined) return result;
        (_end, _isEndHidden) = (result.Buffer.End, true);
        return new(result.Buffer, result.IsCanceled, isCompleted: false);
    }
}
