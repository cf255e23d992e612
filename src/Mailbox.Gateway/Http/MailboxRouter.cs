using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Sends a request to its route by the first segment of its path, and passes on what is not the gateway's. Below endpoint routing, because
/// that decodes names before it matches them, and costs more than the rest of a delivery.
/// </summary>
sealed class MailboxRouter(
    MailboxRoutes mailboxes, GroupRoutes groups, WebhookRoutes webhooks, DeliverManyRoute deliver, OperatorRoutes operators, Cors cors, ILogger<MailboxRouter> log)
{
    /// <summary>Null where the path is not the gateway's.</summary>
    public Task? Handle(HttpContext http)
    {
        var path = RequestPath.Of(http);
        if (!IsOwn(path)) return HandleOther(http, path);
        if (!IsOnLoopback(http) && path[0] is not ("healthz" or "readyz")) return Problem.NotLoopback.WriteAsync(http);
        if (cors.IsOn) cors.Prepare(http);
        if (http.Request.Method == "OPTIONS") return Cors.Answer(http);
        var work = Route(http, path);
        return work.IsCompletedSuccessfully ? work : Guard(http, work);
    }

    /// <summary>Paths of others to which the gateway answers OPTIONS or adds the headers of CORS.</summary>
    Task? HandleOther(HttpContext http, RequestPath path)
    {
        var isOptions = http.Request.Method == "OPTIONS";
        // Of the server as a whole (RFC 9110 section 9.3.7), and so of no application behind it.
        if (isOptions && RequestTarget.Of(http) is "*") return http.NoContent();
        // A page of another origin imports the client with CORS (WHATWG HTML section 8.1.4.2). The file is an endpoint's.
        if (!cors.IsOn || path.Count != 1 || path[0] is not "mailbox-client.js") return null;
        cors.Prepare(http);
        return isOptions ? Cors.Answer(http, "GET, HEAD") : null;
    }

    bool IsOwn(RequestPath path) => path[0] switch
    {
        "mailboxes" or "groups" or "webhooks" => true,
        "deliver" or "healthz" or "readyz" => path.Count == 1,
        "metrics" => path.Count == 1 && operators.HasMetrics,
        "openapi" => path.Count == 2 && path[1] is "v1.json",
        _ => false,
    };

    // An application that embeds the gateway may listen anywhere. The local address is the socket's own: proxies' headers do not change it,
    // as they may change the remote one. A Unix socket has none. Not HttpContext.Connection, which would be an object more for each held connection.
    static bool IsOnLoopback(HttpContext http) => http.Features.Get<IHttpConnectionFeature>()?.LocalIpAddress is not { } address || IPAddress.IsLoopback(address);

    Task Route(HttpContext http, RequestPath path) => path[0] switch
    {
        "mailboxes" => mailboxes.Handle(http, path),
        "groups" => groups.Handle(http, path),
        "webhooks" => webhooks.Handle(http, path),
        "deliver" => deliver.Handle(http),
        "healthz" => OperatorRoutes.Health(http),
        "readyz" => operators.Ready(http),
        "metrics" => operators.Metrics(http),
        _ => OperatorRoutes.OpenApi(http),
    };

    async Task Guard(HttpContext http, Task work)
    {
        try
        {
            await work.ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (ClientLeft.Of(http).IsCancellationRequested)
        {
            // A client that only ended its own side still reads: an empty 200 would look like an answer.
            http.Abort();
        }
        catch (Exception fault) when (!http.RequestAborted.IsCancellationRequested && !http.Response.HasStarted)
        {
            await ProblemOf(fault).WriteAsync(http).ConfigureAwait(false);
        }
    }

    Problem ProblemOf(Exception fault)
    {
        if (fault is Storage.StoreException) return Problem.Unavailable;
        if (fault is BadHttpRequestException bad) return ProblemOf(bad);
        // The sender broke off in the middle of a body; nobody is there to read this.
        if (fault is IOException) return new(ProblemKinds.BadRequest, "The body broke off.");
        log.RequestFailed(fault);
        return new(ProblemKinds.Failed, "The fault is in the server's log.");
    }

    static Problem ProblemOf(BadHttpRequestException fault) => fault.StatusCode == StatusCodes.Status413PayloadTooLarge
        ? new(ProblemKinds.TooLarge, "The body is larger than is allowed here.")
        : new(ProblemKinds.BadRequest, fault.Message);
}

static partial class MailboxRouterLog
{
    [LoggerMessage(2002, LogLevel.Error, "A request failed.")]
    public static partial void RequestFailed(this ILogger log, Exception fault);
}
