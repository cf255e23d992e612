using System.Diagnostics.Metrics;
using Mailbox.Engine;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// The backend that clients' messages are forwarded to (spec section 6): the application behind the gateway, or another one where
/// <see cref="GatewayOptions.Uplink"/> names it. Safe from any thread.
/// </summary>
/// <param name="application">Null where the gateway stands in front of none.</param>
sealed class UplinkBackend(
    IOptions<GatewayOptions> gateway, IOptions<BackendOptions> options, IMailboxTokens tokens, MultiplexedAnswers multiplexed, UplinkMetrics metrics, TimeProvider time,
    IBackend? application = null) : IDisposable
{
    readonly HttpBackend? _other = gateway.Value.Uplink.Length > 0 ? new(new() { Url = new Uri(gateway.Value.Uplink).GetLeftPart(UriPartial.Authority) }) : null;
    readonly string _target = gateway.Value.Uplink.Length > 0 ? new Uri(gateway.Value.Uplink).PathAndQuery : "/" + options.Value.Uplink.TrimStart('/');

    public bool IsThere => (_other ?? application) is not null;

    /// <returns>Null where it cannot be reached, or does not begin an answer in time.</returns>
    public async Task<BackendAnswer?> AskAsync(UplinkLetter letter, CancellationToken cancel)
    {
        BackendAnswer? answer = null;
        using var timeout = new ResettableTimeout(gateway.Value.UplinkTimeout, time, cancel);
        try
        {
            answer = await (_other ?? application!).AskAsync(RequestOf(letter), timeout.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            // Counted below as failed.
        }
        metrics.Forwarded(answer is not null && IsFinal(answer));
        return answer;
    }

    /// <summary>Whether the backend has handled the message: every status but those of a failure that may pass.</summary>
    public static bool IsFinal(BackendAnswer answer) => answer.Status is < 500 and not (408 or 429);

    /// <summary>Delivers the parts of a multiplexed answer, as far as it is whole. For answers that no client waits for.</summary>
    public Task SpreadAsync(BackendAnswer answer, CancellationToken cancel) =>
        MultiplexedAnswers.IsOne(answer) ? multiplexed.SpreadAsync(answer, gateway.Value.UplinkTimeout, cancel) : Task.CompletedTask;

    /// <summary>Answers the client with an ordinary answer, or with the part of a multiplexed one that has no address; delivers the other parts (spec section 6).</summary>
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
            // A response that has begun must not look whole.
            if (left.IsCancellationRequested || http.Response.HasStarted)
            {
                http.Abort();
                return;
            }
            http.Response.Clear();
            await new Problem(ProblemKinds.BackendFailed, "The backend took the message, and broke its answer off.").WriteAsync(http).ConfigureAwait(false);
        }
    }

    public void Dispose() => _other?.Dispose();

    BackendRequest RequestOf(UplinkLetter letter) => new()
    {
        Method = "POST",
        Target = _target,
        Headers =
        [
            new("Accept", "*/*"),
            new("Content-Type", letter.ContentType),
            new("Mailbox", letter.Mailbox.ToString()),
            new("Uplink-Id", letter.Id),
            new(BackendHeaders.Token, tokens.Make(letter.Mailbox)),
        ],
        Body = new MemoryStream(letter.Body.ToArray(), writable: false),
        BodyLength = letter.Body.Length,
    };
}

/// <summary>Counts clients' messages to the backend by outcome.</summary>
sealed class UplinkMetrics
{
    static readonly string[] s_outcomes = ["answered", "failed"];

    readonly long[] _outcomes = new long[s_outcomes.Length];

    public UplinkMetrics(IMeterFactory meters) => meters.CreateGateway().CreateObservableCounter(
        "mailbox.gateway.uplinks", () => _outcomes.Observe("outcome", static i => s_outcomes[i]), "{message}", "Clients' messages forwarded to the backend by outcome.");

    public void Forwarded(bool isAnswered) => Interlocked.Increment(ref _outcomes[isAnswered ? 0 : 1]);
}
