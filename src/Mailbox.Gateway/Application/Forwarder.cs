using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Server.Kestrel.Core.Features;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>
/// Passes on to the application what is not the gateway's own, and its answer back (spec section 6). Both bodies are passed on while they
/// come; what breaks off on one side breaks off on the other.
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
        if (http.Request.Method == "CONNECT" && !Tunnel.IsAskedFor(http)) return new(ProblemKinds.MethodNotAllowed, "CONNECT is for WebSockets only.");
        // HTTP/2 may say what would be several words in a line of HTTP/1.1.
        if (RequestTarget.Of(http) is not ['/', ..] target || target.ContainsAnyExceptInRange('!', '~')) return new(ProblemKinds.BadRequest, "The target of the request is no path.");
        if (!HeaderRules.AreNames(http.Request.Headers)) return new(ProblemKinds.BadHeader, "The name of a header is not valid.");
        return HeaderRules.IsFramed(http.Request) ? null : new(ProblemKinds.BadRequest, "Content-Length, Transfer-Encoding: where the body ends is not certain.");
    }

    async Task ForwardAsync(HttpContext http, Visitor visitor)
    {
        var upgrade = Tunnel.ProtocolOf(http);
        // A client may end its side with the request for a tunnel: the application's side of the tunnel still goes on.
        using var patience = new Patience(_options.AnswerTimeout, time, upgrade is null ? ClientLeft.AnsweringAtOnce(http) : http.RequestAborted);
        var body = upgrade is null ? BodyOf(http, patience) : null;
        try
        {
            await using var answer = await backend.AskAsync(RequestOf(http, visitor, body, upgrade), patience.Token).ConfigureAwait(false);
            patience.Lift();
            await AnswerAsync(http, answer, visitor, patience.Token).ConfigureAwait(false);
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

    static ClientBody? BodyOf(HttpContext http, Patience patience)
    {
        if (http.Features.Get<IHttpRequestBodyDetectionFeature>() is { CanHaveBody: false }) return null;
        // How large or slow a body may be is the application's to say.
        if (http.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } size) size.MaxRequestBodySize = null;
        if (http.Features.Get<IHttpMinRequestBodyDataRateFeature>() is { } rate) rate.MinDataRate = null;
        return new(http.Request.Body, patience);
    }

    Task AnswerAsync(HttpContext http, BackendAnswer answer, Visitor visitor, CancellationToken left)
    {
        if (answer.Status == StatusCodes.Status101SwitchingProtocols) return Tunnel.RunAsync(http, answer, visitor, _options.AnswerTimeout, time);
        return MultiplexedAnswers.IsOne(http, answer)
            ? multiplexed.RunAsync(http, answer, visitor)
            : AnswerPassing.PassAsync(http, answer, visitor, left);
    }

    // 1. The client left. 2. An answer was begun: it must not look whole. 3. The client's own body was the fault. 4. The application's.
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
        return ProblemOf(fault, bodyFault as BadHttpRequestException).WriteAsync(http);
    }

    static Problem ProblemOf(Exception fault, BadHttpRequestException? bodyFault)
    {
        if (bodyFault is not null) return new(ProblemKinds.BadRequest, bodyFault.Message);
        if (fault is OperationCanceledException) fault = new BackendException(BackendFault.TimedOut, fault.Message, fault);
        return (fault as BackendException ?? new(BackendFault.Broken, fault.Message, fault)).Problem;
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
/// A client's body on its way to the application. Whoever sends it may still be reading when the application has answered already; after
/// <see cref="CloseAsync"/> nobody reads from the client's connection any more.
/// </summary>
sealed class ClientBody(Stream body, Patience patience) : ReadOnlyStream
{
    readonly Lock _gate = new();
    readonly CancellationTokenSource _closed = new();
    Task<int> _reading = Task.FromResult(0);

    /// <summary>Why it could not be read to its end.</summary>
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
            patience.Renew();
            return read;
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            Fault = fault;
            throw;
        }
    }
}
