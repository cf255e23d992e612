using System.Security.Cryptography;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Routing;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>
/// Serves the page at <c>/</c> and its files under <c>/pages/</c>, from the assembly: a chat, a ticker and a picture of a mailbox. At
/// <c>/trucks</c> the truck yard of <c>samples/TruckYard</c>. And the browser client at <c>/mailbox-client.js</c>, for pages of any kind.
/// </summary>
public static class Pages
{
    const string Start = "index.html";
    const string Trucks = "trucks.html";
    const string Client = "mailbox-client.js";
    const string Prefix = "pages/";
    static readonly string[] s_methods = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>Everything but the client.</summary>
    public static void MapPages(this IEndpointRouteBuilder routes) => routes.Map(static name => name != Client);

    /// <summary>The browser client, for pages of an application's own.</summary>
    public static void MapMailboxClient(this IEndpointRouteBuilder routes) => routes.Map(static name => name == Client);

    static void Map(this IEndpointRouteBuilder routes, Func<string, bool> isWanted)
    {
        var assembly = typeof(Pages).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(static name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            var name = resource[Prefix.Length..];
            if (!isWanted(name)) continue;
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var bytes = new byte[stream.Length];
            stream.ReadExactly(bytes);
            var path = name switch
            {
                Start => "/",
                Trucks => "/trucks",
                Client => $"/{Client}",
                _ => $"/{Prefix}{name}",
            };
            routes.MapMethods(path, s_methods, new Page(name, bytes).Answer).ExcludeFromDescription();
        }
    }

    sealed class Page(string name, byte[] bytes)
    {
        // Nothing from elsewhere and nothing inline: a message's text can never become a script.
        const string Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
            + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

        readonly EntityTagHeaderValue _tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(bytes).AsSpan(0, 12))}\"");
        readonly string _contentType = ContentTypeOf(name);

        // `no-cache` asks every time and costs one 304: a new version of the server is never shown with old scripts.
        public FileContentHttpResult Answer(HttpContext http)
        {
            var headers = http.Response.Headers;
            headers.CacheControl = "no-cache";
            headers.ContentSecurityPolicy = Policy;
            headers.XContentTypeOptions = "nosniff";
            headers["Referrer-Policy"] = "no-referrer";
            return TypedResults.File(bytes, _contentType, entityTag: _tag);
        }

        static string ContentTypeOf(string name) => Path.GetExtension(name) switch
        {
            ".html" => "text/html; charset=utf-8",
            ".css" => "text/css; charset=utf-8",
            ".js" => "text/javascript; charset=utf-8",
            _ => "image/svg+xml",
        };
    }
}
