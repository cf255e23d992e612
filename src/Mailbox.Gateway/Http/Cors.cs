using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Lets pages of the configured origins use the gateway (WHATWG Fetch section 3.3); off by default.</summary>
sealed class Cors(IOptions<GatewayOptions> options)
{
    const string Methods = "GET, POST, PUT, DELETE";
    const string Headers =
        "Accept, Authorization, Cache-Control, Content-Type, Durability, Idempotency-Key, Idle, Last-Event-ID, Message-Type, Prefer, "
        + "Topic, TTL, X-Requested-With";
    const string MaxAgeSeconds = "86400";

    readonly string[] _origins = [.. options.Value.CorsOrigins];

    public bool IsOn => _origins.Length > 0;

    /// <summary>Whether a page may do what browsers let every page do: its origin is the gateway's own or is allowed. Who says no origin is no page.</summary>
    public bool Admits(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || IsAllowed(origin) || IsOwn(origin, request.Host);
    }

    bool IsAllowed(string origin) => _origins.Contains("*") || _origins.Contains(origin);

    // Not the scheme: a proxy that ends TLS changes it.
    static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && Uri.TryCreate($"{uri.Scheme}://{host.Value}", UriKind.Absolute, out var own)
        && uri.Host.Equals(own.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == own.Port;

    public void Prepare(HttpContext http)
    {
        var origin = http.Request.Headers.Origin.ToString();
        var any = _origins.Contains("*");
        if (!any) http.Response.Headers.Append("Vary", "Origin");
        if (origin.Length == 0 || !IsAllowed(origin)) return;
        var headers = http.Response.Headers;
        headers.AccessControlAllowOrigin = any ? "*" : origin;
        // Browsers refuse credentials together with a star.
        if (!any) headers.AccessControlAllowCredentials = "true";
        headers.AccessControlExposeHeaders = "Retry-After";
    }

    /// <summary>Answers OPTIONS; a preflight is allowed where <see cref="Prepare"/> allowed the origin.</summary>
    public static Task Answer(HttpContext http)
    {
        var headers = http.Response.Headers;
        headers.Allow = Methods + ", OPTIONS";
        if (headers.AccessControlAllowOrigin.Count > 0)
        {
            headers.AccessControlAllowMethods = Methods;
            headers.AccessControlAllowHeaders = Headers;
            headers.AccessControlMaxAge = MaxAgeSeconds;
        }
        return http.NoContent();
    }
}
