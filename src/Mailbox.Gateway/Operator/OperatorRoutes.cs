using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Answers <c>GET /metrics</c>: registered by a host that exports metrics, as those of this product do. Where none is registered the path is the application's,
/// which exports the meters <c>Mailbox.*</c> beside its own.
/// </summary>
public sealed record MetricsRoute(RequestDelegate Answer);

/// <summary>The routes for operators: health, readiness, metrics and the API's description.</summary>
sealed class OperatorRoutes(IMailboxGrid grid, HeldConnections held, MetricsRoute? metrics = null)
{
    const string OpenApiResource = "openapi/v1.json";

    /// <summary>The process answers.</summary>
    public static Task Health(HttpContext http) => IsGet(http) ? Text(http, "text/plain", "ok\n") : http.NotAllowed("GET, HEAD");

    /// <summary>Deliveries are accepted, and the process does not shut down: a balancer may send here.</summary>
    public Task Ready(HttpContext http)
    {
        if (!IsGet(http)) return http.NotAllowed("GET, HEAD");
        if (held.IsDraining) return Problem.Draining.WriteAsync(http);
        return grid.IsReady ? Text(http, "text/plain", "ready\n") : Problem.Of(Outcome.StoreFailed)!.WriteAsync(http);
    }

    public bool HasMetrics => metrics is not null;

    public Task Metrics(HttpContext http)
    {
        if (!IsGet(http)) return http.NotAllowed("GET, HEAD");
        http.Response.Headers.CacheControl = "no-store";
        return metrics!.Answer(http);
    }

    public static async Task OpenApi(HttpContext http)
    {
        if (!IsGet(http))
        {
            await http.NotAllowed("GET, HEAD").ConfigureAwait(false);
            return;
        }
        using var document = typeof(OperatorRoutes).Assembly.GetManifestResourceStream(OpenApiResource)!;
        http.Response.ContentType = "application/json";
        http.Response.ContentLength = document.Length;
        if (http.Request.Method == "GET") await document.CopyToAsync(http.Response.Body).ConfigureAwait(false);
    }

    static bool IsGet(HttpContext http) => http.Request.Method is "GET" or "HEAD";

    static Task Text(HttpContext http, string contentType, string text)
    {
        var body = System.Text.Encoding.UTF8.GetBytes(text);
        http.Response.ContentType = contentType;
        http.Response.Headers.CacheControl = "no-store";
        http.Response.ContentLength = body.Length;
        return http.Request.Method == "HEAD" ? Task.CompletedTask : http.Response.Body.WriteAsync(body).AsTask();
    }
}
