using System.Text;
using System.Text.Unicode;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>Reads the one message that a request is: its headers and its body.</summary>
sealed class DraftReader(IOptions<GatewayOptions> options)
{
    readonly long _maxBody = options.Value.MaxBodyBytes;

    public async ValueTask<(MessageDraft? Draft, Problem? Problem)> ReadAsync(HttpRequest request)
    {
        var (body, problem) = await BodyReader.ReadAsync(request, _maxBody).ConfigureAwait(false);
        if (body is null) return (null, problem);
        var headers = request.Headers;
        return MessageFields.ReadHeaders(name => Decoded(headers[name]), body, "application/octet-stream");
    }

    /// <summary>
    /// A header as text. The hosts read headers as Latin-1, which keeps any bytes (<see cref="BackendServices.AddGatewayServer"/>): what is
    /// UTF-8 is read as that, so that a key is the same in a header and in JSON.
    /// </summary>
    public static StringValues Decoded(StringValues values) => values is [{ } text] && !Ascii.IsValid(text) ? Decoded(text) : values;

    static string Decoded(string text)
    {
        if (text.AsSpan().ContainsAnyExceptInRange('\0', '\u00ff')) return text;
        var bytes = Encoding.Latin1.GetBytes(text);
        return Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : text;
    }
}
