using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Routing.Patterns;
using Scalar.AspNetCore;

namespace Mailbox.Hosting;

/// <summary>The interface to be read and tried, at <c>/openapi</c>: Scalar shows <c>/openapi/v1.json</c>. Its script comes from the package, and nothing from elsewhere.</summary>
static class ApiPage
{
    const string Path = "/openapi";

    public static void MapApiPage(this IEndpointRouteBuilder routes) => routes.MapScalarApiReference(Path, static options =>
    {
        options.OpenApiRoutePattern = Path + "/v1.json";
        options.Title = "Mailbox";
        options.DynamicNonce = true;
        // What it would fetch or tell elsewhere.
        options.DisableDefaultFonts().DisableAgent().DisableMcp();
        options.Telemetry = false;
    }).Add(static endpoint =>
    {
        // Exactly these paths: all others below are the application's.
        if (endpoint is RouteEndpointBuilder { RoutePattern.Parameters.Count: > 0 } page) page.RoutePattern = RoutePatternFactory.Parse(Path);
        var answer = endpoint.RequestDelegate!;
        endpoint.RequestDelegate = http =>
        {
            http.Response.OnStarting(static http => SetPolicy((HttpContext)http), http);
            return answer(http);
        };
    });

    // The page's one inline script has a nonce of its own for each request; styles are what the script makes.
    static Task SetPolicy(HttpContext http)
    {
        var nonce = http.Items[ScalarOptions.NonceHttpContextItemKey] is string text ? $" 'nonce-{text}'" : "";
        var headers = http.Response.Headers;
        headers.ContentSecurityPolicy = $"default-src 'none'; script-src 'self'{nonce}; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; "
            + "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        return Task.CompletedTask;
    }
}
