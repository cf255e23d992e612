using Microsoft.AspNetCore.Cors.Infrastructure;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>
/// Lets pages of the configured origins use the gateway (WHATWG Fetch section 3.3); off by default. ASP.NET Core's own service decides;
/// it is called by the router, because its middleware stands behind endpoint routing, which the router does without.
/// </summary>
sealed class Cors
{
    const string Methods = "GET, POST, PUT, DELETE";
    static readonly string[] s_headers =
    [
        "Accept", "Authorization", "Cache-Control", "Content-Type", "Durability", "Idempotency-Key", "Idle", "Last-Event-ID", "Message-Type", "Prefer",
        "Topic", "TTL", "X-Requested-With",
    ];
    static readonly TimeSpan s_maxAge = TimeSpan.FromDays(1);

    // Without a log: the service writes a line with the Origin, as it was sent, for each request.
    readonly CorsService _service = new(Options.Create(new CorsOptions()), NullLoggerFactory.Instance);
    readonly CorsPolicy _policy;

    public Cors(IOptions<GatewayOptions> options)
    {
        string[] origins = [.. options.Value.CorsOrigins];
        IsOn = origins.Length > 0;
        var builder = new CorsPolicyBuilder().WithMethods(Methods.Split(", ")).WithHeaders(s_headers).WithExposedHeaders("Retry-After").SetPreflightMaxAge(s_maxAge);
        // Browsers refuse credentials together with a star.
        if (origins.Contains("*")) builder.AllowAnyOrigin();
        else builder.WithOrigins(origins).AllowCredentials();
        _policy = builder.Build();
    }

    public bool IsOn { get; }

    /// <summary>
    /// For requests that browsers let every page send (a WebSocket's handshake): true where the page's origin is the gateway's own or
    /// allowed, or where there is no <c>Origin</c>, because then no page sent it.
    /// </summary>
    public bool Admits(HttpRequest request)
    {
        var origin = request.Headers.Origin.ToString();
        return origin.Length == 0 || _policy.AllowAnyOrigin || _policy.IsOriginAllowed(origin) || IsOwn(origin, request.Host);
    }

    // The scheme is not compared: a proxy that ends TLS changes it.
    static bool IsOwn(string origin, HostString host) =>
        Uri.TryCreate(origin, UriKind.Absolute, out var uri) && Uri.TryCreate($"{uri.Scheme}://{host.Value}", UriKind.Absolute, out var own)
        && uri.Host.Equals(own.Host, StringComparison.OrdinalIgnoreCase) && uri.Port == own.Port;

    /// <summary>Adds the headers of CORS. To be called before the answer is known: a page must be able to read a refusal, too.</summary>
    public void Prepare(HttpContext http)
    {
        if (http.Request.Headers.Origin.Count > 0) _service.ApplyResult(_service.EvaluatePolicy(http, _policy), http.Response);
        // The service sets Vary only for allowed origins; a cache needs it in every answer.
        if (!_policy.AllowAnyOrigin && !http.Response.Headers.Vary.Contains(HeaderNames.Origin)) http.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Origin);
    }

    /// <summary>Answers OPTIONS. <see cref="Prepare"/> has added the headers of a preflight.</summary>
    public static Task Answer(HttpContext http, string methods = Methods)
    {
        http.Response.Headers.Allow = methods + ", OPTIONS";
        return http.NoContent();
    }
}
