using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The answer of an application that speaks HTTP.</summary>
sealed class HttpBackendAnswer : BackendAnswer
{
    readonly HttpResponseMessage _response;

    HttpBackendAnswer(HttpResponseMessage response)
    {
        _response = response;
        Body = response.Content.ReadAsStream();
    }

    public override int Status => (int)_response.StatusCode;

    public override string? Reason => _response.ReasonPhrase;

    public override IEnumerable<KeyValuePair<string, StringValues>> Headers => PairsOf(_response.Headers).Concat(PairsOf(_response.Content.Headers));

    public override IEnumerable<KeyValuePair<string, StringValues>> Trailers => PairsOf(_response.TrailingHeaders);

    public override Stream Body { get; }

    /// <exception cref="BackendException">Where the answer ends is not certain, or it changes the protocol unasked.</exception>
    public static HttpBackendAnswer Of(HttpResponseMessage response, BackendRequest request)
    {
        if (IsFramed(response) && (response.StatusCode != HttpStatusCode.SwitchingProtocols || request.Upgrade is not null)) return new(response);
        response.Dispose();
        throw new BackendException(BackendFault.Broken, "The answer is framed in a way that cannot be trusted.");
    }

    public override ValueTask DisposeAsync()
    {
        _response.Dispose();
        return ValueTask.CompletedTask;
    }

    // RFC 9112 section 6.3: two readers of one such answer could take different bytes for its end.
    static bool IsFramed(HttpResponseMessage response)
    {
        var isChunked = response.Headers.NonValidated.TryGetValues("Transfer-Encoding", out var coding);
        if (isChunked && (coding.Count > 1 || !coding.ToString().Equals("chunked", StringComparison.OrdinalIgnoreCase))) return false;
        if (!response.Content.Headers.NonValidated.TryGetValues("Content-Length", out var length)) return true;
        return !isChunked && length.Count == 1 && WholeNumber.TryParse(length.ToString(), out _);
    }

    static IEnumerable<KeyValuePair<string, StringValues>> PairsOf(HttpHeaders headers)
    {
        foreach (var (name, values) in headers.NonValidated)
            yield return new(name, values.Count == 1 ? new(values.ToString()) : new(values.ToArray()));
    }
}
