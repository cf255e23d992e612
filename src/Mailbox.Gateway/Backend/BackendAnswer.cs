using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

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
