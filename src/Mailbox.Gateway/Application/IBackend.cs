using System.Net;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The application behind the gateway, whichever protocol it speaks. Safe to call from any thread.</summary>
interface IBackend
{
    /// <summary>Sends a request and waits for the head of its answer; the answer's body is read while it arrives.</summary>
    /// <param name="cancel">Gives the request up until the head is there; after that whoever reads the body does, by disposing of the answer.</param>
    /// <exception cref="BackendException">There is no answer.</exception>
    ValueTask<BackendAnswer> AskAsync(BackendRequest request, CancellationToken cancel);
}

/// <summary>What the application behind the gateway is asked.</summary>
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
    /// With the token and what tells of the client (<c>Forwarded</c>, <c>X-Forwarded-*</c>). Without <c>Host</c>, <c>Content-Length</c> and
    /// whatever holds for one connection only (RFC 9110 section 7.6.1).
    /// </summary>
    public required IReadOnlyList<KeyValuePair<string, StringValues>> Headers { get; init; }

    /// <summary>Null for none. Not to be disposed of; a read that throws means that the client broke off, and so must the request.</summary>
    public Stream? Body { get; init; }

    /// <summary>Null where it is not known before the body has ended.</summary>
    public long? BodyLength { get; init; }

    /// <summary>The protocol that the connection is to be changed to, such as <c>websocket</c>. A backend that cannot ignores it.</summary>
    public string? Upgrade { get; init; }
}

/// <summary>What the application behind the gateway answered: the head, and the body while it arrives. To be disposed of, which breaks off what was not read.</summary>
abstract class BackendAnswer : IAsyncDisposable
{
    public abstract int Status { get; }

    /// <summary>What the status is called; null where the application did not say.</summary>
    public virtual string? Reason => null;

    /// <summary>As they were sent, one pair for each name.</summary>
    public abstract IEnumerable<KeyValuePair<string, StringValues>> Headers { get; }

    /// <summary>
    /// Ends where the answer does; a read throws an <see cref="IOException"/> where it broke off. After a status of 101 it is the connection
    /// itself, and can be written too.
    /// </summary>
    public abstract Stream Body { get; }

    /// <summary>To be asked for after the end of the body.</summary>
    public virtual IEnumerable<KeyValuePair<string, StringValues>> Trailers => [];

    /// <summary>The one value of a header; null for none or several.</summary>
    public string? Header(string name)
    {
        foreach (var (key, values) in Headers)
            if (key.Equals(name, StringComparison.OrdinalIgnoreCase)) return values.Count == 1 ? values[0] : null;
        return null;
    }

    /// <summary>After a status of 101: nothing more will be written to <see cref="Body"/>; the application may still say something.</summary>
    public virtual ValueTask EndWritingAsync(CancellationToken cancel) => ValueTask.CompletedTask;

    /// <returns>What <c>Content-Length</c> says, also where it says the same several times (RFC 9110 section 8.6); null where it is no length.</returns>
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

    /// <summary>It broke off, or said what is no answer. It may have seen the request.</summary>
    Broken,

    /// <summary>The request is one that cannot be said to it.</summary>
    NotSendable,

    /// <summary>The body is larger than what is kept of one.</summary>
    TooLarge,
}
