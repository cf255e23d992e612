using System.Buffers;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>The media types of multiplexed bodies, and their boundary (RFC 2046 section 5.1.1).</summary>
static class MultiplexMediaType
{
    const string Multiplex = "application/x-multiplex";
    const int MaxBoundaryLength = 70;

    static readonly SearchValues<char> s_boundaryCharacters =
        SearchValues.Create("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ");

    /// <summary>
    /// Whether an answer is multiplexed: only under the type of its own, because an application may send MIME's multipart types to its
    /// client.
    /// </summary>
    public static bool IsMultiplex(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type) && type.MediaType.Equals(Multiplex, StringComparison.OrdinalIgnoreCase);

    /// <summary>Whether a posted body has parts: under that type or any of MIME's multipart types.</summary>
    public static bool HasParts(string? contentType) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.Type.Equals("multipart", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals(Multiplex, StringComparison.OrdinalIgnoreCase));

    /// <returns>The boundary; or why there is none.</returns>
    public static (string? Boundary, Problem? Problem) BoundaryOf(string? contentType)
    {
        if (!MediaTypeHeaderValue.TryParse(contentType, out var type)) return (null, NoBoundary);
        if (type.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)) return (null, IsForm);
        var given = type.Parameters.Where(static one => one.Name.Equals("boundary", StringComparison.OrdinalIgnoreCase)).ToList();
        var boundary = given is [var one] ? one.GetUnescapedValue().ToString() : "";
        return IsBoundary(boundary) ? (boundary, null) : (null, NoBoundary);
    }

    static Problem NoBoundary { get; } = new(
        ProblemKinds.BadHeader, "Content-Type: must have one boundary of 1 to 70 characters of A-Z a-z 0-9 ' ( ) + _ , - . / : = ? and, but at its end, blanks.");

    static Problem IsForm { get; } = new(
        ProblemKinds.UnsupportedMediaType, "Content-Type: multipart/form-data has fields of a form, not letters; parts are application/x-multiplex or multipart/mixed.");

    static bool IsBoundary(string text) =>
        text.Length is > 0 and <= MaxBoundaryLength && text[^1] != ' ' && !text.AsSpan().ContainsAnyExcept(s_boundaryCharacters);
}
