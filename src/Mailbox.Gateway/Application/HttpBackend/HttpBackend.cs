using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Sockets;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>An application that speaks HTTP/1.1. Connections are kept and used again.</summary>
sealed class HttpBackend : IBackend, IDisposable
{
    static readonly UriCreationOptions s_asSent = new() { DangerousDisablePathAndQueryCanonicalization = true };

    readonly HttpMessageInvoker _http;
    readonly string _origin;

    public HttpBackend(BackendOptions options)
    {
        var url = new Uri(options.Url);
        // TLS is made by the connector, so that it checks the application's name, and not the one that a client asked for.
        _origin = $"http://{url.Authority}{url.AbsolutePath.TrimEnd('/')}";
        _http = new(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.ConnectTimeout,
            // An answer that a client gave up is not read to the end to save the connection.
            MaxResponseDrainSize = 0,
            // Kestrel reads and writes headers as Latin-1 (BackendServices.AddGatewayServer): the bytes stay the same.
            RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
            ConnectCallback = (_, cancel) => BackendConnection.ConnectAsync(url, cancel),
        });
    }

    public async ValueTask<BackendAnswer> AskAsync(BackendRequest request, CancellationToken cancel)
    {
        var attempts = BackendAttempts.Begin();
        try
        {
            var response = await SendAsync(request, cancel).ConfigureAwait(false);
            return HttpBackendAnswer.Of(response, request, attempts.Connection);
        }
        catch (HttpRequestException fault)
        {
            var isUnreachable = fault.HttpRequestError is HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError;
            throw new BackendException(isUnreachable ? BackendFault.Unreachable : BackendFault.Broken, fault.Message, fault);
        }
        catch (OperationCanceledException fault) when (fault.InnerException is TimeoutException)
        {
            throw new BackendException(BackendFault.TimedOut, fault.Message, fault);
        }
    }

    public void Dispose() => _http.Dispose();

    async Task<HttpResponseMessage> SendAsync(BackendRequest request, CancellationToken cancel)
    {
        try
        {
            return await _http.SendAsync(MessageOf(request), cancel).ConfigureAwait(false);
        }
        // The handler repeats by itself where a kept connection was closed, but not where it was reset, as by a process that was killed.
        catch (HttpRequestException fault) when (request.Body is null && IsRepeatable(request.Method)
            && fault.InnerException?.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset })
        {
            return await _http.SendAsync(MessageOf(request), cancel).ConfigureAwait(false);
        }
    }

    HttpRequestMessage MessageOf(BackendRequest request)
    {
        if (!Uri.TryCreate(_origin + request.Target, s_asSent, out var uri)) throw new BackendException(BackendFault.Broken, "The target is no URL.");
        var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (request.Body is not null) message.Content = new HttpBackendBody(request.Body, request.BodyLength);
        // The handler does not repeat a request with a body; it would repeat one without.
        else if (!IsRepeatable(request.Method)) message.Content = new HttpBackendBody(Stream.Null, 0);
        var headers = message.Headers;
        if (request.Host.Length > 0) headers.Host = request.Host;
        foreach (var (name, values) in request.Headers)
        {
            var isAdded = values.Count == 1 ? headers.TryAddWithoutValidation(name, values[0]) : headers.TryAddWithoutValidation(name, values.AsEnumerable());
            // Headers that describe a body are kept apart, also where there is none.
            if (!isAdded) (message.Content ??= new HttpBackendBody(Stream.Null, 0)).Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        if (request.Upgrade is not { } protocol) return message;
        headers.TryAddWithoutValidation("Connection", "Upgrade");
        headers.TryAddWithoutValidation("Upgrade", protocol);
        return message;
    }

    // RFC 9110 section 9.2.2; any other method may have its effect twice.
    static bool IsRepeatable(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE";
}

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
        // The client would ignore several lengths, and read to the end of the connection.
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
    /// <param name="connection">The connection that it came on.</param>
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

/// <summary>Sends a body to an application that speaks HTTP, each piece as it arrives.</summary>
sealed class HttpBackendBody(Stream body, long? length) : HttpContent
{
    const int BufferBytes = 64 << 10;

    protected override bool TryComputeLength(out long computed)
    {
        computed = length ?? 0;
        return length is not null;
    }

    protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => SerializeToStreamAsync(stream, context, CancellationToken.None);

    protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context, CancellationToken cancellationToken)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(BufferBytes);
        try
        {
            while (true)
            {
                var reading = body.ReadAsync(buffer, cancellationToken);
                // Bytes that were written before, such as the head, do not wait for the next piece.
                if (!reading.IsCompleted) await stream.FlushAsync(cancellationToken).ConfigureAwait(false);
                var read = await reading.ConfigureAwait(false);
                if (read == 0) return;
                await stream.WriteAsync(buffer.AsMemory(0, read), cancellationToken).ConfigureAwait(false);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
    }
}
