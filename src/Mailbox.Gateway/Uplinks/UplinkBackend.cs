using Mailbox.Engine;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// The backend that clients' messages are forwarded to (spec section 6): the application behind the gateway, or another one where
/// <see cref="GatewayOptions.Uplink"/> says so. Safe from any thread.
/// </summary>
/// <param name="application">Null where the gateway stands in front of none.</param>
sealed class UplinkBackend(
    IOptions<GatewayOptions> gateway, IOptions<BackendOptions> options, IMailboxTokens tokens, UplinkMetrics metrics, TimeProvider time, IBackend? application = null)
    : IDisposable
{
    readonly HttpBackend? _other = gateway.Value.Uplink.Length > 0 ? new(new() { Url = new Uri(gateway.Value.Uplink).GetLeftPart(UriPartial.Authority) }) : null;
    readonly string _target = gateway.Value.Uplink.Length > 0 ? new Uri(gateway.Value.Uplink).PathAndQuery : "/" + options.Value.Uplink.TrimStart('/');

    public bool IsThere => (_other ?? application) is not null;

    /// <returns>Null where it cannot be reached, or does not begin an answer in time.</returns>
    public async Task<BackendAnswer?> AskAsync(UplinkLetter letter, CancellationToken cancel)
    {
        var answer = await TryAskAsync(letter, cancel).ConfigureAwait(false);
        metrics.Forwarded(answer is not null && UplinkAnswers.IsFinal(answer));
        return answer;
    }

    async Task<BackendAnswer?> TryAskAsync(UplinkLetter letter, CancellationToken cancel)
    {
        using var patience = new Patience(gateway.Value.UplinkTimeout, time, cancel);
        try
        {
            return await (_other ?? application!).AskAsync(RequestOf(letter), patience.Token).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            return null;
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
