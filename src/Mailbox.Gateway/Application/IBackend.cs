using System.Net;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The application behind the gateway, whichever protocol it speaks. Safe to call from any thread.</summary>
interface IBackend
{
    /// <summary>Sends a request and waits for the head of its answer; the answer's body is read while it arrives.</summary>
    /// <param name="cancel">Cancels until the head has arrived; after that the reader of the body cancels by disposing of the answer.</param>
    /// <exception cref="BackendException">There is no answer.</exception>
    ValueTask<BackendAnswer> AskAsync(BackendRequest request, CancellationToken cancel);
}

/// <summary>A request to the application behind the gateway.</summary>
sealed class BackendRequest
{
    public required string Method { get; init; }

    /// <summary>Path and query as they were sent, neither decoded nor normalised; begins with <c>/</c>.</summary>
    public required string Target { get; init; }

    /// <summary><c>http</c> or <c>https</c>: how the client reached the gateway.</summary>
    public string Scheme { get; init; } = "http";

    /// <summary>The authority that the client asked for.</summary>
    public string Host { get; init; } = "";

    public IPEndPoint? Client { get; init; }

    /// <summary>Where the client reached the gateway.</summary>
    public IPEndPoint? Server { get; init; }

    /// <summary>
    /// With the token and the headers about the client (<c>Forwarded</c>, <c>X-Forwarded-*</c>). Without <c>Host</c>,
    /// <c>Content-Length</c> and headers for one connection only (RFC 9110 section 7.6.1).
    /// </summary>
    public required IReadOnlyList<KeyValuePair<string, StringValues>> Headers { get; init; }

    /// <summary>Null for none. Not to be disposed of. A read throws where the client broke off, and the request must break off, too.</summary>
    public Stream? Body { get; init; }

    /// <summary>Null where it is not known before the body has ended.</summary>
    public long? BodyLength { get; init; }

    /// <summary>The protocol to upgrade the connection to, such as <c>websocket</c>. A backend that cannot ignores it.</summary>
    public string? Upgrade { get; init; }
}

/// <summary>The application's answer: the head, and the body while it arrives. Disposing of it breaks off a body that was not read.</summary>
abstract class BackendAnswer : IAsyncDisposable
{
    public abstract int Status { get; }

    /// <summary>The reason phrase; null where the application gave none.</summary>
    public virtual string? Reason => null;

    /// <summary>As they were sent, one pair for each name.</summary>
    public abstract IEnumerable<KeyValuePair<string, StringValues>> Headers { get; }

    /// <summary>
    /// Ends where the answer does; a read throws an <see cref="IOException"/> where it broke off. After a status of 101 it is the connection
    /// itself, and can be written too.
    /// </summary>
    public abstract Stream Body { get; }

    /// <summary>Valid after the end of the body.</summary>
    public virtual IEnumerable<KeyValuePair<string, StringValues>> Trailers => [];

    public StringValues ValuesOf(string name)
    {
        foreach (var (key, values) in Headers)
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase)) return values;
        return default;
    }

    /// <summary>The one value of a header; null for none or several.</summary>
    public string? Header(string name) => ValuesOf(name) is [var value] ? value : null;

    /// <summary>After a status of 101: ends <see cref="Body"/> for writing. The application may go on to write.</summary>
    public virtual ValueTask EndWritingAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    /// <returns>The value of <c>Content-Length</c>, which may be repeated (RFC 9110 section 8.6); null where it is no single length.</returns>
    public static long? LengthOf(in StringValues values)
    {
        long? length = null;
        foreach (var value in values)
            foreach (var range in value.AsSpan().Split(','))
            {
                if (!WholeNumber.TryParse(value.AsSpan(range).Trim(" \t"), out var one) || (length ?? one) != one) return null;
                length = one;
            }
        return length;
    }

    public abstract ValueTask DisposeAsync();
}

/// <summary>The application gave no answer, or none that can be understood.</summary>
sealed class BackendException(BackendFault fault, string message, Exception? inner = null) : IOException(message, inner)
{
    public BackendFault Fault { get; } = fault;

    public Problem Problem => Fault switch
    {
        BackendFault.Unreachable => new(ProblemKinds.BackendUnreachable, "The application behind the gateway cannot be reached."),
        BackendFault.TimedOut => new(ProblemKinds.BackendTimedOut, "The application behind the gateway did not answer in time."),
        BackendFault.NotSendable => new(ProblemKinds.BadRequest, Message),
        BackendFault.TooLarge => new(ProblemKinds.TooLarge, Message),
        _ => new(ProblemKinds.BackendFailed, "The application behind the gateway broke off, or its answer is not valid."),
    };
}

/// <summary>Why the application behind the gateway gave no answer.</summary>
enum BackendFault : byte
{
    /// <summary>No connection was made: the application saw nothing of the request.</summary>
    Unreachable,

    /// <summary>It may have seen the request.</summary>
    TimedOut,

    /// <summary>It broke off, or its answer is malformed. It may have seen the request.</summary>
    Broken,

    /// <summary>The request cannot be expressed in the application's protocol.</summary>
    NotSendable,

    /// <summary>The request's body is larger than may be buffered.</summary>
    TooLarge,
}
