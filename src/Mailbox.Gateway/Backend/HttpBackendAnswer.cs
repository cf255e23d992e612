using System.Net;
using System.Net.Http.Headers;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>The answer of an application that speaks HTTP.</summary>
sealed class HttpBackendAnswer : BackendAnswer
{
    const string ContentLength = "Content-Length";

    readonly HttpResponseMessage _response;
    readonly BackendConnection? _connection;

    HttpBackendAnswer(HttpResponseMessage response, BackendConnection? connection)
    {
        (_response, _connection) = (response, connection);
        Body = response.Content.ReadAsStream();
        // The client would take several lengths for none, and read on to the end of the connection.
        if (LengthsOf(response) is { Count: > 0 } lengths && lengths.ToString() != LengthOf(lengths).ToString())
            Body = new MeasuredBody(default, Body, LengthOf(lengths), readsToEnd: false);
    }

    public override int Status => (int)_response.StatusCode;

    public override string? Reason => _response.ReasonPhrase;

    public override IEnumerable<KeyValuePair<string, StringValues>> Headers => PairsOf(_response.Headers).Concat(PairsOf(_response.Content.Headers).Select(
        static pair => pair.Key.Equals(ContentLength, StringComparison.OrdinalIgnoreCase) ? new(pair.Key, LengthOf(pair.Value).ToString()) : pair));

    public override IEnumerable<KeyValuePair<string, StringValues>> Trailers => PairsOf(_response.TrailingHeaders);

    public override Stream Body { get; }

    /// <exception cref="BackendException">Where the answer ends is not certain, or it changes the protocol unasked.</exception>
    /// <param name="connection">That it came on.</param>
    public static HttpBackendAnswer Of(HttpResponseMessage response, BackendRequest request, BackendConnection? connection)
    {
        if (IsFramed(response) && (response.StatusCode != HttpStatusCode.SwitchingProtocols || request.Upgrade is not null)) return new(response, connection);
        response.Dispose();
        throw new BackendException(BackendFault.Broken, "The answer is framed in a way that cannot be trusted.");
    }

    public override ValueTask EndWritingAsync(CancellationToken cancel) => _connection?.EndWritingAsync(cancel) ?? ValueTask.CompletedTask;

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
        return LengthsOf(response) is not { Count: > 0 } lengths || (!isChunked && LengthOf(lengths) is not null);
    }

    static StringValues LengthsOf(HttpResponseMessage response) =>
        response.Content.Headers.NonValidated.TryGetValues(ContentLength, out var lengths) ? new(lengths.ToArray()) : default;

    static IEnumerable<KeyValuePair<string, StringValues>> PairsOf(HttpHeaders headers)
    {
        foreach (var (name, values) in headers.NonValidated)
            yield return new(name, values.Count == 1 ? new(values.ToString()) : new(values.ToArray()));
    }
}
