using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mailbox.Gateway;

/// <summary>
/// The segments of a request's path, each decoded once. Read from the raw target, because the server's own path is already decoded: there
/// a <c>%2F</c> inside a group's name and a <c>%252F</c> look alike (spec section 5).
/// </summary>
readonly ref struct RequestPath
{
    public const int MaxSegments = 4;

    readonly ReadOnlySpan<char> _path;
    readonly SegmentRanges _ranges;

    RequestPath(ReadOnlySpan<char> path)
    {
        var ranges = new SegmentRanges();
        Count = path.Split(ranges, '/');
        _path = path;
        _ranges = ranges;
    }

    /// <summary>The number of segments; five stands for more, which no route has.</summary>
    public int Count { get; }

    public ReadOnlySpan<char> this[int index] => _path[_ranges[index]];

    public string Decode(int index) => Uri.UnescapeDataString(this[index]);

    public static RequestPath Of(HttpContext http)
    {
        var target = RequestTarget.Of(http);
        var end = target.IndexOfAny('?', '#');
        if (end >= 0) target = target[..end];
        var mount = http.Request.PathBase.Value.AsSpan();
        if (mount.Length > 0 && target.StartsWith(mount, StringComparison.OrdinalIgnoreCase)) target = target[mount.Length..];
        return new(target.TrimStart('/'));
    }

    [System.Runtime.CompilerServices.InlineArray(MaxSegments + 1)]
    struct SegmentRanges
    {
        Range _first;
    }
}

/// <summary>The path and the query of a request, as they were sent.</summary>
static class RequestTarget
{
    public static ReadOnlySpan<char> Of(HttpContext http)
    {
        var target = http.Features.Get<IHttpRequestFeature>()!.RawTarget.AsSpan();
        if (target is not ['/', ..]) target = PathOf(target);
        return target.IsEmpty ? http.Request.Path.ToUriComponent() : target;
    }

    // RFC 9112 section 3.2.2: a server must accept the absolute form too. Others, such as the * of OPTIONS, have no path.
    static ReadOnlySpan<char> PathOf(ReadOnlySpan<char> target)
    {
        var scheme = target.IndexOf("://");
        if (scheme < 0) return target;
        var authority = target[(scheme + 3)..];
        var slash = authority.IndexOf('/');
        return slash < 0 ? "/" : authority[slash..];
    }
}
