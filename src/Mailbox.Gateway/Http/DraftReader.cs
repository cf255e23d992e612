using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Reads the one message that a request is: its headers and its body.</summary>
sealed class DraftReader(IOptions<GatewayOptions> options)
{
    readonly long _maxBody = options.Value.MaxBodyBytes;

    public async ValueTask<(MessageDraft? Draft, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        if (await BodyReader.ReadAsync(request, _maxBody).ConfigureAwait(false) is not { } body) return (null, Problem.TooLarge(_maxBody));
        var headers = request.Headers;
        return MessageFields.ReadHeaders(name => headers[name], body, "application/octet-stream");
    }
}
