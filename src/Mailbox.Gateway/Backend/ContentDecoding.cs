using System.IO.Compression;

namespace Mailbox.Gateway;

/// <summary>Undoes the codings of a body (RFC 9110 section 8.4.1) while it is read.</summary>
static class ContentDecoding
{
    /// <param name="encoding">The header <c>Content-Encoding</c>, the coding that was applied last standing last; null for none.</param>
    /// <returns>Null where a coding is not known.</returns>
    public static Stream? Of(Stream body, string? encoding)
    {
        var decoded = body;
        foreach (var coding in (encoding ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            if (coding.Equals("identity", StringComparison.OrdinalIgnoreCase)) continue;
            if (Decode(new Encoded(decoded), coding) is not { } next) return null;
            decoded = next;
        }
        return decoded;
    }

    static Stream? Decode(Stream body, string coding) => coding.ToLowerInvariant() switch
    {
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
        "br" => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ => null,
    };

    /// <summary>
    /// Bytes that a decoder reads. It asks for more as long as its coding has not ended: then the end of the bytes means that they broke off,
    /// which .NET's decoders take for the end of the body.
    /// </summary>
    sealed class Encoded(Stream bytes) : ReadOnlyStream
    {
        bool _hasBegun;

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await bytes.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (read == 0 && _hasBegun && buffer.Length > 0) throw new InvalidDataException("The encoded body breaks off.");
            _hasBegun |= read > 0;
            return read;
        }
    }
}
