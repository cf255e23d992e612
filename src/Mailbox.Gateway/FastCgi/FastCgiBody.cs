using System.Buffers;
using Microsoft.AspNetCore.WebUtilities;

namespace Mailbox.Gateway;

/// <summary>A body whose length is known: an application is told it before the body comes (RFC 3875 section 4.1.2).</summary>
sealed class FastCgiBody : IAsyncDisposable
{
    const int MemoryBytes = 64 << 10;

    readonly bool _isOwn;

    FastCgiBody(Stream content, long length, bool isOwn) => (Content, Length, _isOwn) = (content, length, isOwn);

    public Stream Content { get; }

    public long Length { get; }

    /// <summary>Reads a body without a length to its end first; what is larger than some memory goes to a file that is deleted with it.</summary>
    /// <returns>Null for none.</returns>
    /// <exception cref="BackendException">It is larger than the limit.</exception>
    public static async ValueTask<FastCgiBody?> OfAsync(BackendRequest request, long limit, CancellationToken cancel)
    {
        if (request.Body is not { } body || request.BodyLength == 0) return null;
        if (request.BodyLength is { } length) return new(body, length, isOwn: false);
        // The reading of a client's body ends with the client, not with this.
        return await KeepAsync(body, limit).WaitAsync(cancel).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _isOwn ? Content.DisposeAsync() : ValueTask.CompletedTask;

    static async Task<FastCgiBody?> KeepAsync(Stream body, long limit)
    {
        var kept = new FileBufferingReadStream(body, MemoryBytes);
        try
        {
            await ReadToEndAsync(kept, limit).ConfigureAwait(false);
        }
        catch
        {
            await kept.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        if (kept.Length == 0)
        {
            // The records that begin the request end the standard input of one without a body (FastCGI 1.0 section 3.3).
            await kept.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        kept.Position = 0;
        return new(kept, kept.Length, isOwn: true);
    }

    static async Task ReadToEndAsync(FileBufferingReadStream kept, long limit)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(MemoryBytes);
        try
        {
            while (await kept.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) > 0)
                if (kept.Length > limit) throw new BackendException(BackendFault.TooLarge, $"A body without a length may have {limit} bytes.");
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
