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
    /// <returns>Null where the path is not the gateway's.</returns>
    public Task? Handle(HttpContext http)
    {
        var path = RequestPath.Of(http);
        var isOwn = path[0] switch
        {
            "mailboxes" or "groups" or "webhooks" => true,
            "deliver" or "healthz" or "readyz" => path.Count == 1,
            "metrics" => path.Count == 1 && operators.HasMetrics,
            "openapi" => path.Count == 2 && path[1] is "v1.json",
            _ => false,
        };
        if (!isOwn) return HandleOther(http, path);
        if (!IsOnLoopback(http) && path[0] is not ("healthz" or "readyz")) return Problem.NotLoopback.WriteAsync(http);
        if (cors.IsOn) cors.Prepare(http);
        if (http.Request.Method == "OPTIONS") return Cors.Answer(http);
        var work = path[0] switch
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
        return work.IsCompletedSuccessfully ? work : Guard(http, work);
    }

    // OPTIONS and the headers of CORS for paths that are not the gateway's.
    Task? HandleOther(HttpContext http, RequestPath path)
    {
        var isOptions = http.Request.Method == "OPTIONS";
        // OPTIONS * asks about the server as a whole (RFC 9110 section 9.3.7), not about an application behind it.
        if (isOptions && RequestTarget.Of(http) is "*") return http.NoContent();
        // A page of another origin imports the client with CORS (WHATWG HTML section 8.1.4.2). The file is an endpoint's.
        if (!cors.IsOn || path.Count != 1 || path[0] is not "mailbox-client.js") return null;
        cors.Prepare(http);
        return isOptions ? Cors.Answer(http, "GET, HEAD") : null;
    }

    // An application that embeds the gateway may listen anywhere. The local address is the socket's own, which no proxy's header changes; a
    // Unix socket has none. Not HttpContext.Connection, which would be one object more for each held connection.
    static bool IsOnLoopback(HttpContext http) => http.Features.Get<IHttpConnectionFeature>()?.LocalIpAddress is not { } address || IPAddress.IsLoopback(address);

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
        switch (fault)
        {
            case Storage.StoreException:
                return Problem.Unavailable;
            case BadHttpRequestException { StatusCode: StatusCodes.Status413PayloadTooLarge }:
                return new(ProblemKinds.TooLarge, "The body is larger than is allowed here.");
            case BadHttpRequestException:
                return new(ProblemKinds.BadRequest, fault.Message);
            // The sender broke off in the middle of a body, and does not read this.
            case IOException:
                return new(ProblemKinds.BadRequest, "The body broke off.");
            default:
                log.RequestFailed(fault);
                return new(ProblemKinds.Failed, "The fault is in the server's log.");
        }
    }
}

static partial class MailboxRouterLog
{
    [LoggerMessage(2002, LogLevel.Error, "A request failed.")]
    public static partial void RequestFailed(this ILogger log, Exception fault);
}
