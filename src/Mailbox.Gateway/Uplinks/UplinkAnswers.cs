using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// What becomes of a backend's answer to a client's message: an ordinary one is the client's, one of parts is taken apart and delivered
/// (spec section 6).
/// </summary>
sealed class UplinkAnswers(MultiplexedAnswers multiplexed, IOptions<GatewayOptions> options)
{
    /// <summary>Whether the backend has dealt with it: everything but a failure that may pass.</summary>
    public static bool IsFinal(BackendAnswer answer) => answer.Status is < 500 and not (408 or 429);

    /// <summary>Nobody waits for the answer; what it says to others is delivered, as far as it is whole.</summary>
    public Task SpreadAsync(BackendAnswer answer, CancellationToken cancel) =>
        MultiplexedAnswers.IsOne(answer) ? multiplexed.SpreadAsync(answer, options.Value.UplinkTimeout, cancel) : Task.CompletedTask;

    public async Task WriteAsync(HttpContext http, BackendAnswer answer, Visitor visitor)
    {
        var left = ClientLeft.AnsweringAtOnce(http);
        try
        {
            await (MultiplexedAnswers.IsOne(http, answer)
                ? multiplexed.RunAsync(http, answer, visitor)
                : AnswerPassing.PassAsync(http, answer, visitor, left)).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException)
        {
            await FailAsync(http, left.IsCancellationRequested).ConfigureAwait(false);
        }
    }

    // An answer that was begun must not look whole.
    static Task FailAsync(HttpContext http, bool hasLeft)
    {
        if (hasLeft || http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }
        http.Response.Clear();
        return new Problem(ProblemKinds.BackendFailed, "The backend took the message, and broke its answer off.").WriteAsync(http);
    }
}
