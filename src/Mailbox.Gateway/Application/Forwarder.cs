using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Forwards requests that are not the gateway's own to the application, and its answers back (spec section 6). Both bodies are streamed;
/// if one side breaks off, so does the other.
/// </summary>
sealed class Forwarder(
    IBackend backend, Visitors visitors, MultiplexedAnswers multiplexed, IOptions<BackendOptions> options, TimeProvider time, ILogger<Forwarder> log)
{
    readonly BackendOptions _options = options.Value;

    public Task Handle(HttpContext http)
    {
        if (Refusal(http) is { } problem) return problem.WriteAsync(http);
        return ForwardAsync(http, visitors.Of(http));
    }

    static Problem? Refusal(HttpContext http)
    {
        if (http.Request.Method == "CONNECT" && !WebSocketHandshake.IsConnect(http)) return new(ProblemKinds.MethodNotAllowed, "CONNECT is for WebSockets only.");
        // HTTP/2 allows targets that would be several words in a line of HTTP/1.1.
        if (RequestTarget.Of(http) is not ['/', ..] target || target.ContainsAnyExceptInRange('!', '~')) return new(ProblemKinds.BadRequest, "The target of the request is no path.");
        if (!HeaderRules.AreNames(http.Request.Headers)) return new(ProblemKinds.BadHeader, "The name of a header is not valid.");
        return HeaderRules.IsFramed(http.Request) ? null : new(ProblemKinds.BadRequest, "Content-Length, Transfer-Encoding: where the body ends is not certain.");
    }

    async Task ForwardAsync(HttpContext http, Visitor visitor)
    {
        var upgrade = Tunnel.ProtocolOf(http);
        // A client may close its own side with the request for a tunnel: the application's side of the tunnel still goes on.
        using var timeout = new ResettableTimeout(_options.AnswerTimeout, time, upgrade is null ? ClientLeft.AnsweringAtOnce(http) : http.RequestAborted);
        ClientBody? body = null;
        if (upgrade is null && http.Features.Get<IHttpRequestBodyDetectionFeature>() is not { CanHaveBody: false })
        {
            // The application decides how large and how slow a body may be.
            BodyReader.DisableServerBounds(http);
            body = new(http.Request.Body, timeout);
        }
        try
        {
            await using var answer = await backend.AskAsync(RequestOf(http, visitor, body, upgrade), timeout.Token).ConfigureAwait(false);
            timeout.Suspend();
            await (answer.Status == StatusCodes.Status101SwitchingProtocols ? Tunnel.RunAsync(http, answer, visitor, _options.AnswerTimeout, time)
                : MultiplexedAnswers.IsOne(http, answer) ? multiplexed.RunAsync(http, answer, visitor)
                : AnswerPassing.PassAsync(http, answer, visitor, timeout.Token)).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is IOException or OperationCanceledException or InvalidOperationException or BadHttpRequestException)
        {
            await FailAsync(http, fault, body?.Fault).ConfigureAwait(false);
        }
        finally
        {
            if (body is not null) await body.CloseAsync().ConfigureAwait(false);
        }
    }

    BackendRequest RequestOf(HttpContext http, Visitor visitor, ClientBody? body, string? upgrade)
    {
        var headers = BackendHeaders.Of(http, visitor.Token, _options.TrustForwarded);
        if (upgrade is not null) Tunnel.AddHandshake(http, headers);
        var connection = http.Connection;
        return new()
        {
            Method = upgrade is null ? http.Request.Method : "GET",
            Target = RequestTarget.Of(http).ToString(),
            Scheme = http.Request.Scheme,
            Host = http.Request.Host.Value ?? "",
            Client = connection.RemoteIpAddress is { } client ? new(client, connection.RemotePort) : null,
            Server = connection.LocalIpAddress is { } server ? new(server, connection.LocalPort) : null,
            Headers = headers,
            Body = body,
            BodyLength = http.Request.ContentLength,
            Upgrade = upgrade,
        };
    }

    // 1. The client left. 2. An answer has begun, and must not look whole. 3. The client's body was at fault. 4. The application was.
    Task FailAsync(HttpContext http, Exception fault, Exception? bodyFault)
    {
        var hasLeft = ClientLeft.AnsweringAtOnce(http).IsCancellationRequested || bodyFault is not null and not BadHttpRequestException;
        if (!hasLeft && bodyFault is null) log.BackendFailed(fault.Message);
        if (hasLeft || http.Response.HasStarted)
        {
            http.Abort();
            return Task.CompletedTask;
        }
        http.Response.Clear();
        var problem = bodyFault is not null ? new(ProblemKinds.BadRequest, bodyFault.Message)
            : fault is OperationCanceledException ? new BackendException(BackendFault.TimedOut, fault.Message, fault).Problem
            : (fault as BackendException ?? new(BackendFault.Broken, fault.Message, fault)).Problem;
        return problem.WriteAsync(http);
    }
}

static partial class ForwardingLog
{
    [LoggerMessage(2101, LogLevel.Warning, "The application gave no whole answer: {Reason}")]
    public static partial void BackendFailed(this ILogger log, string reason);

    [LoggerMessage(2102, LogLevel.Warning, "A multiplexed answer of the application was not delivered to its end: {Reason}")]
    public static partial void MultiplexedAnswerFailed(this ILogger log, string reason);
}

/// <summary>
/// A client's body for the application. A read may still be pending when the application has answered; after <see cref="CloseAsync"/>
/// there is none, and the client's connection can be used again.
/// </summary>
sealed class ClientBody(Stream body, ResettableTimeout timeout) : ForwardStream
{
    readonly Lock _gate = new();
    readonly CancellationTokenSource _closed = new();
    Task<int> _reading = Task.FromResult(0);

    /// <summary>Why the client's body broke off; null where it did not.</summary>
    public Exception? Fault { get; set; }

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            _closed.Token.ThrowIfCancellationRequested();
            var read = ReadFromClientAsync(buffer);
            if (read.IsCompleted) return read;
            return new(_reading = read.AsTask());
        }
    }

    /// <summary>Returns when the last read has ended.</summary>
    public async ValueTask CloseAsync()
    {
        Task<int> last;
        lock (_gate)
        {
            _closed.Cancel();
            last = _reading;
        }
        await ((Task)last).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _closed.Dispose();
    }

    async ValueTask<int> ReadFromClientAsync(Memory<byte> buffer)
    {
        try
        {
            var read = await body.ReadAsync(buffer, _closed.Token).ConfigureAwait(false);
            timeout.Reset();
            return read;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Fault = fault;
            throw;
        }
    }
}
