using Microsoft.Extensions.Logging;

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
        _pool = new(new FastCgiConnector(new(options.Url), options.ConnectTimeout, time).ConnectAsync, options.KeepIdle, time);
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
        // An application that was started anew knows nothing of a connection that was kept.
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

    FastCgiExchange ExchangeOn(FastCgiConnection connection, FastCgiBody? body) =>
        new(_pool, connection, new(connection, new(_log)), new(connection, body));

    // RFC 9110 section 9.2.1: it does not matter whether it was done before.
    static bool IsSafe(string method) => method is "GET" or "HEAD" or "OPTIONS" or "TRACE";
}
