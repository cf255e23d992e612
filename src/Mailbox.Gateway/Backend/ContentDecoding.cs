using System.IO.Compression;

namespace Mailbox.Gateway;

/// <summary>Undoes the codings of a body (RFC 9110 section 8.4.1) while it is read.</summary>
static class ContentDecoding
{
    // Without it .NET's decoders take the end of the bytes for the end of the body, also where the coding has not ended. It holds for the whole
    // process, from the first decoder on.
    static ContentDecoding() => AppContext.SetSwitch("System.IO.Compression.UseStrictValidation", true);

    /// <remarks>A read throws an <see cref="InvalidDataException"/> or <see cref="InvalidOperationException"/> where the body was cut off.</remarks>
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
