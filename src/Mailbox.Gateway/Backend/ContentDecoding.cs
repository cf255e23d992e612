using System.IO.Compression;

namespace Mailbox.Gateway;

/// <summary>Undoes the codings of a body (RFC 9110 section 8.4.1) while it is read.</summary>
static class ContentDecoding
{
    /// <summary>
    /// .NET's decoders take a body that breaks off for one that ends, unless this is set before the first of them is used. It counts for
    /// the whole process, so it is its host's to call.
    /// </summary>
    public static void RefuseTruncated() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <param name="encoding">The header <c>Content-Encoding</c>, the coding that was applied last standing last; null for none.</param>
    /// <returns>Null where a coding is not known.</returns>
    public static Stream? Of(Stream body, string? encoding)
    {
        var decoded = body;
        foreach (var coding in (encoding ?? "").Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Reverse())
        {
            if (Decode(decoded, coding) is not { } next) return null;
            decoded = next;
        }
        return decoded;
    }

    static Stream? Decode(Stream body, string coding) => coding.ToLowerInvariant() switch
    {
        "identity" => body,
        "gzip" or "x-gzip" => new GZipStream(body, CompressionMode.Decompress, leaveOpen: true),
        "deflate" => new ZLibStream(body, CompressionMode.Decompress, leaveOpen: true),
        "br" => new BrotliStream(body, CompressionMode.Decompress, leaveOpen: true),
        _ => null,
    };
}
