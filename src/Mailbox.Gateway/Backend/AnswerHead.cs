using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>The head of an application's answer, for the client.</summary>
static class AnswerHead
{
    /// <exception cref="InvalidOperationException">A header has bytes that no header may have.</exception>
    public static void Copy(HttpContext http, BackendAnswer answer, Visitor visitor)
    {
        var response = http.Response;
        response.StatusCode = answer.Status;
        var connection = ConnectionOf(answer);
        foreach (var (name, values) in answer.Headers)
            if (!HeaderRules.IsForOneConnection(name, connection)) response.Headers[name] = values;
        // A length without a body is a fault to some clients (RFC 9110 section 8.6).
        if (answer.Status is < 200 or StatusCodes.Status204NoContent) response.Headers.ContentLength = null;
        Remember(http, visitor);
    }

    public static bool HasBody(HttpContext http, BackendAnswer answer) =>
        http.Request.Method != "HEAD" && answer.Status is >= 200 and not (StatusCodes.Status204NoContent or StatusCodes.Status304NotModified);

    static Microsoft.Extensions.Primitives.StringValues ConnectionOf(BackendAnswer answer)
    {
        foreach (var (name, values) in answer.Headers)
            if (name.Equals("Connection", StringComparison.OrdinalIgnoreCase)) return values;
        return default;
    }

    // A cache that many share must not give one visitor's cookie to another, with whoever's letters come to it.
    static void Remember(HttpContext http, Visitor visitor)
    {
        var headers = http.Response.Headers;
        var caching = headers.CacheControl.ToString();
        if (!visitor.IsNew || caching.Contains("public", StringComparison.OrdinalIgnoreCase) || caching.Contains("s-maxage", StringComparison.OrdinalIgnoreCase)) return;
        Visitors.Remember(http, visitor);
        if (caching.Length == 0) headers.CacheControl = "private";
    }
}
