using System.Net;
using System.Net.Sockets;
using System.Text;

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
        // TLS is made below, so that its name is the application's own, and not the one a client asked for.
        _origin = $"http://{url.Authority}{url.AbsolutePath.TrimEnd('/')}";
        _http = new(HandlerOf(options, new BackendConnector(url)));
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
            throw new BackendException(FaultOf(fault), fault.Message, fault);
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
        // The handler repeats what can be repeated where a kept connection has ended, but not where it was reset: so end processes that are killed.
        catch (HttpRequestException fault) when (request.Body is null && IsRepeatable(request.Method) && IsReset(fault))
        {
            return await _http.SendAsync(MessageOf(request), cancel).ConfigureAwait(false);
        }
    }

    static bool IsReset(HttpRequestException fault) => fault.InnerException?.InnerException is SocketException { SocketErrorCode: SocketError.ConnectionReset };

    static SocketsHttpHandler HandlerOf(BackendOptions options, BackendConnector connector) => new()
    {
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        ConnectTimeout = options.ConnectTimeout,
        // What a client does not want any more is not read for the sake of the connection.
        MaxResponseDrainSize = 0,
        // Kestrel reads and writes headers as Latin-1 (BackendServices.AddGatewayServer): the bytes stay the same.
        RequestHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ResponseHeaderEncodingSelector = static (_, _) => Encoding.Latin1,
        ConnectCallback = connector.ConnectAsync,
    };

    static BackendFault FaultOf(HttpRequestException fault) => fault.HttpRequestError switch
    {
        HttpRequestError.ConnectionError or HttpRequestError.NameResolutionError or HttpRequestError.SecureConnectionError => BackendFault.Unreachable,
        _ => BackendFault.Broken,
    };

    HttpRequestMessage MessageOf(BackendRequest request)
    {
        if (!Uri.TryCreate(_origin + request.Target, s_asSent, out var uri)) throw new BackendException(BackendFault.Broken, "The target is no URL.");
        var message = new HttpRequestMessage(HttpMethod.Parse(request.Method), uri) { Version = HttpVersion.Version11, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (request.Body is not null) message.Content = new HttpBackendBody(request.Body, request.BodyLength);
        // What has a body is not sent again when a connection broke; what has none would be.
        else if (!IsRepeatable(request.Method)) message.Content = new HttpBackendBody(Stream.Null, 0);
        AddHeaders(message, request);
        return message;
    }

    // RFC 9110 section 9.2.2; all others may do twice what was asked for once.
    static bool IsRepeatable(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE" or "PUT" or "DELETE";

    static void AddHeaders(HttpRequestMessage message, BackendRequest request)
    {
        var headers = message.Headers;
        if (request.Host.Length > 0) headers.Host = request.Host;
        foreach (var (name, values) in request.Headers)
        {
            var isAdded = values.Count == 1 ? headers.TryAddWithoutValidation(name, values[0]) : headers.TryAddWithoutValidation(name, values.AsEnumerable());
            // What describes a body is kept apart from the others, also where there is none.
            if (!isAdded) (message.Content ??= new HttpBackendBody(Stream.Null, 0)).Headers.TryAddWithoutValidation(name, values.AsEnumerable());
        }
        if (request.Upgrade is not { } protocol) return;
        headers.TryAddWithoutValidation("Connection", "Upgrade");
        headers.TryAddWithoutValidation("Upgrade", protocol);
    }
}
