using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mailbox.Gateway;

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
