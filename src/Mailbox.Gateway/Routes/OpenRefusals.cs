using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>How a mailbox that could not be opened is answered.</summary>
sealed class OpenRefusals(IOptions<GatewayOptions> options)
{
    readonly SseTransport _sse = new(options.Value.Retry);

    public Task WriteAsync(HttpContext http, Accepted accepted, OpenOutcome outcome) => outcome switch
    {
        OpenOutcome.StayAway => http.NoContent(),
        OpenOutcome.Conflict =>
            new Problem(ProblemKinds.MailboxHeld, "The mailbox is held, and this open asked with conflict=reject to be refused.").WriteAsync(http),
        _ => RefuseForNow(http, accepted, outcome == OpenOutcome.Stopping),
    };

    // An EventSource never returns after a 5xx, so it is given a stream that ends at once.
    Task RefuseForNow(HttpContext http, Accepted accepted, bool isStopping)
    {
        if (accepted != Accepted.EventStream) return (isStopping ? Problem.Draining : Problem.Unavailable).WriteAsync(http);
        MessageResponse.Prepare(http, _sse.ContentType);
        _sse.Close(http.Response.BodyWriter, Closing.Of(isStopping ? Ending.Draining : Ending.Unavailable));
        return http.Response.BodyWriter.FlushAsync().AsTask();
    }
}
