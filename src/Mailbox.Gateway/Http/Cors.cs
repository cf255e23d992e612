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

    public void Prepare(HttpContext http)
    {
        var origin = http.Request.Headers.Origin.ToString();
        var any = _origins.Contains("*");
        if (!any) http.Response.Headers.Append("Vary", "Origin");
        if (origin.Length == 0 || !(any || _origins.Contains(origin))) return;
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
