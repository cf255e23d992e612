using System.Buffers;
using System.Net.Sockets;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>An application that speaks FastCGI 1.0, such as php-fpm. Connections are kept and used again.</summary>
sealed class FastCgiBackend : IBackend, IDisposable
{
    readonly BackendOptions _options;
    readonly string _root;
    readonly ILogger<FastCgiBackend> _log;
    readonly FastCgiPool _pool;

    public FastCgiBackend(BackendOptions options, TimeProvider time, ILogger<FastCgiBackend> log)
    {
        (_options, _log) = (options, log);
        _root = options.Root.Length == 0 ? "" : Path.GetFullPath(options.Root).TrimEnd('/');
        _pool = new(cancel => ConnectAsync(new(options.Url), options.ConnectTimeout, time, cancel), options.KeepIdle, time);
    }

    public async ValueTask<BackendAnswer> AskAsync(BackendRequest request, CancellationToken cancel)
    {
        try
        {
            return await AskOnceOrTwiceAsync(request, cancel).ConfigureAwait(false);
        }
        catch (IOException fault) when (fault is not BackendException)
        {
            throw new BackendException(BackendFault.Broken, fault.Message, fault);
        }
    }

    public void Dispose() => _pool.Dispose();

    async ValueTask<BackendAnswer> AskOnceOrTwiceAsync(BackendRequest request, CancellationToken cancel)
    {
        var body = await FastCgiBody.OfAsync(request, _options.MaxUnsizedBytes, cancel).ConfigureAwait(false);
        var begin = CgiVariables.Of(request, body?.Length, _root, _options.Index).Records(_pool.Keeps, body is not null);
        var connection = await TakeAsync(body, cancel).ConfigureAwait(false);
        var (wasUsed, exchange) = (connection.WasHeard, ExchangeOn(connection, body));
        try
        {
            return await exchange.BeginAsync(begin, cancel).ConfigureAwait(false);
        }
        // A restarted application does not know a kept connection.
        catch (IOException) when (wasUsed && !exchange.Output.HasBegun && body is null && IsSafe(request.Method))
        {
            _pool.Clear();
            return await ExchangeOn(await TakeAsync(null, cancel).ConfigureAwait(false), null).BeginAsync(begin, cancel).ConfigureAwait(false);
        }
    }

    async ValueTask<FastCgiConnection> TakeAsync(FastCgiBody? body, CancellationToken cancel)
    {
        try
        {
            return await _pool.TakeAsync(cancel).ConfigureAwait(false);
        }
        catch
        {
            if (body is not null) await body.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <param name="url"><c>fastcgi://HOST:PORT</c>, or <c>fastcgi:///PATH</c> of a Unix socket.</param>
    /// <exception cref="BackendException">The application cannot be reached, or not in time.</exception>
    static async ValueTask<FastCgiConnection> ConnectAsync(Uri url, TimeSpan limit, TimeProvider time, CancellationToken cancel)
    {
        using var timeout = new ResettableTimeout(limit, time, cancel);
        var isUnix = url.Host.Length == 0;
        var socket = isUnix
            ? new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified)
            : new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            if (isUnix) await socket.ConnectAsync(new UnixDomainSocketEndPoint(Uri.UnescapeDataString(url.AbsolutePath)), timeout.Token).ConfigureAwait(false);
            else await socket.ConnectAsync(url.IdnHost, url.Port, timeout.Token).ConfigureAwait(false);
            return new(socket);
        }
        catch (Exception fault)
        {
            socket.Dispose();
            if (fault is SocketException) throw new BackendException(BackendFault.Unreachable, fault.Message, fault);
            if (fault is OperationCanceledException && !cancel.IsCancellationRequested) throw new BackendException(BackendFault.TimedOut, "The application does not take connections.", fault);
            throw;
        }
    }

    FastCgiExchange ExchangeOn(FastCgiConnection connection, FastCgiBody? body) =>
        new(_pool, connection, new(connection, _log), new(connection, body));

    // RFC 9110 section 9.2.1: doing it twice does no harm.
    static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";
}

/// <summary>The answer of an application that speaks FastCGI.</summary>
sealed class FastCgiAnswer(FastCgiExchange exchange, CgiHead head) : BackendAnswer
{
    public override int Status => head.Status;

    public override string? Reason => head.Reason;

    public override IEnumerable<KeyValuePair<string, StringValues>> Headers => head.Headers;

    public override Stream Body { get; } = new MeasuredBody(head.Rest, exchange.Output, head.Length, readsToEnd: true);

    public override ValueTask DisposeAsync() => exchange.EndAsync();
}

/// <summary>A body with its length, which an application gets before the body (RFC 3875 section 4.1.2).</summary>
sealed class FastCgiBody : IAsyncDisposable
{
    const int MemoryBytes = 64 << 10;

    readonly bool _isOwn;

    FastCgiBody(Stream content, long length, bool isOwn) => (Content, Length, _isOwn) = (content, length, isOwn);

    public Stream Content { get; }

    public long Length { get; }

    /// <summary>Reads a body without a length to its end first; a large one goes to a temporary file.</summary>
    /// <returns>Null for none.</returns>
    /// <exception cref="BackendException">It is larger than the limit.</exception>
    public static async ValueTask<FastCgiBody?> OfAsync(BackendRequest request, long limit, CancellationToken cancel)
    {
        if (request.Body is not { } body || request.BodyLength == 0) return null;
        if (request.BodyLength is { } length) return new(body, length, isOwn: false);
        // The read of a client's body ends with the client's request, not by this token.
        return await KeepAsync(body, limit).WaitAsync(cancel).ConfigureAwait(false);
    }

    public ValueTask DisposeAsync() => _isOwn ? Content.DisposeAsync() : ValueTask.CompletedTask;

    static async Task<FastCgiBody?> KeepAsync(Stream body, long limit)
    {
        var kept = new FileBufferingReadStream(body, MemoryBytes);
        var buffer = ArrayPool<byte>.Shared.Rent(MemoryBytes);
        try
        {
            while (await kept.ReadAsync(buffer, CancellationToken.None).ConfigureAwait(false) > 0)
                if (kept.Length > limit) throw new BackendException(BackendFault.TooLarge, $"A body without a length may have {limit} bytes.");
        }
        catch
        {
            await kept.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }
        if (kept.Length == 0)
        {
            // The records that begin a request without a body also end its standard input (FastCGI 1.0 section 3.3).
            await kept.DisposeAsync().ConfigureAwait(false);
            return null;
        }
        kept.Position = 0;
        return new(kept, kept.Length, isOwn: true);
    }
}
