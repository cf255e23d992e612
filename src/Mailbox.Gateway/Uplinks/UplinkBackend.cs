using System.Net.Http.Headers;
using Mailbox.Engine;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>The backend that clients' messages are forwarded to (spec section 6). Safe from any thread.</summary>
/// <param name="tokens">Null where there are none: the backend is told the mailbox's name alone.</param>
sealed class UplinkBackend(Outbound outbound, IOptions<GatewayOptions> options, IMailboxTokens? tokens = null)
{
    readonly string _url = options.Value.Uplink;

    /// <summary>Who takes what is not forwarded at once.</summary>
    public static MailboxName Taker { get; } = MailboxUplinks.TakerNamed("backend");

    public bool IsThere => _url.Length > 0;

    /// <returns>Null where it cannot be reached in time.</returns>
    public async Task<HttpResponseMessage?> PostAsync(UplinkLetter letter, CancellationToken cancel)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, _url) { Content = new ReadOnlyMemoryContent(letter.Body) };
        request.Content.Headers.TryAddWithoutValidation("Content-Type", letter.ContentType);
        request.Headers.Add("Mailbox", letter.Mailbox.ToString());
        request.Headers.Add("Uplink-Id", letter.Id);
        request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("*/*"));
        if (tokens is not null) request.Headers.Add("Multiplex-Token", tokens.Make(letter.Mailbox));
        return await outbound.SendAsync(request, options.Value.UplinkTimeout, cancel).ConfigureAwait(false);
    }
}
