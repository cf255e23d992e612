using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Connections.Features;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Tells when nobody waits for an answer any more.</summary>
static class ClientLeft
{
    /// <summary>
    /// For what is held: it ends at once. On HTTP/1.1 this is also told of a client that only ends its own side, because that looks the same
    /// as one that is gone.
    /// </summary>
    // The token of an HTTP/1.1 connection exists already; a request's own costs a source for each held response (1.1 KB with its
    // registration). Where a connection carries many requests only the request's own tells.
    public static CancellationToken Of(HttpContext http)
    {
        if (!http.Request.Protocol.StartsWith("HTTP/1", StringComparison.Ordinal)) return http.RequestAborted;
        return http.Features.Get<HalfClosable>()?.Closed ?? http.Features.Get<IConnectionLifetimeFeature>()?.ConnectionClosed ?? http.RequestAborted;
    }

    /// <summary>For what is answered as soon as it can be: a client that has ended its side may still read (RFC 9293 section 3.6), so the answer has some time.</summary>
    public static CancellationToken AnsweringAtOnce(HttpContext http) => http.Features.Get<HalfClosable>() is { } connection && Of(http) == connection.Closed
        ? connection.ClosedForLong
        : Of(http);
}

/// <summary>
/// An HTTP/1.1 connection whose client may end its side after its request and still get the answer. The server would take the end for the
/// client's leaving and discard the answer; so it is not told. It finds the end itself, when it reads the next request.
/// </summary>
sealed class HalfClosable(CancellationToken closed, TimeProvider time)
{
    static readonly TimeSpan s_answered = TimeSpan.FromSeconds(5);

    readonly Lock _gate = new();
    CancellationTokenSource? _forLong;

    /// <summary>The client's side has ended, or the connection is broken.</summary>
    public CancellationToken Closed => closed;

    /// <summary>So long ago that an answer which was to come at once should have come. Made for the first who asks.</summary>
    public CancellationToken ClosedForLong
    {
        get
        {
            lock (_gate)
            {
                if (_forLong is not null) return _forLong.Token;
                _forLong = new();
            }
            closed.UnsafeRegister(static connection => ((HalfClosable)connection!).Await(), this);
            return _forLong.Token;
        }
    }

    public static ConnectionDelegate Use(ConnectionDelegate next, TimeProvider time) => connection =>
    {
        connection.Features.Set(new HalfClosable(connection.ConnectionClosed, time));
        connection.ConnectionClosed = CancellationToken.None;
        return next(connection);
    };

    // Collected with its source.
    void Await() => _ = time.CreateTimer(static source => ((CancellationTokenSource)source!).Cancel(), _forLong, s_answered, Timeout.InfiniteTimeSpan);
}
