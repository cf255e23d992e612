using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Npgsql;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>Opens logs on one schema of the server, some of them through a relay.</summary>
public abstract class DatabaseLogTest(PostgresServer server) : IDisposable
{
    private protected static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly PostgresOptions _options = server.NewSchema() with { Partitions = 4, ContainerBytes = 1 << 16 };
    readonly List<IDisposable> _opened = [];

    private protected static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private protected PostgresServer Server => server;

    private protected PostgresOptions Options => _options;

    public void Dispose()
    {
        foreach (var one in Enumerable.Reverse(_opened)) one.Dispose();
        GC.SuppressFinalize(this);
    }

    private protected async Task<LogDriver> StartAsync(
        string owner, int[]? partitions = null, DatabaseRelay? relay = null, Func<PostgresOptions, PostgresOptions>? change = null)
    {
        var driver = await LogDriver.StartAsync(await OpenAsync(relay, change), owner, partitions);
        _opened.Add(driver);
        return driver;
    }

    private protected ValueTask<ILog> OpenAsync(DatabaseRelay? relay = null, Func<PostgresOptions, PostgresOptions>? change = null)
    {
        var options = change?.Invoke(_options) ?? _options;
        if (relay is not null)
            options = options with { ConnectionString = new NpgsqlConnectionStringBuilder(options.ConnectionString) { Port = relay.Port, SslMode = SslMode.Disable }.ConnectionString };
        return new(DatabaseLog.Open(options, TimeProvider.System));
    }

    private protected static FrameBatch Batch(params Frame[] frames)
    {
        var batch = new FrameBatch { At = LogDriver.Noon };
        batch.Frames.AddRange(frames);
        return batch;
    }

    /// <summary>Until the database can be reached.</summary>
    private protected static async Task AgainAsync(Func<Task> act)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (true)
        {
            try
            {
                await act();
                return;
            }
            catch (StoreException)
            {
                patience.Token.ThrowIfCancellationRequested();
            }
        }
    }

    private protected void Run(string sql) => server.Execute($"SET search_path = {_options.Schema}; {sql}");

    private protected long Ask(string sql) => server.Ask($"SET search_path = {_options.Schema}; {sql}");

    private protected async Task UntilAsync(string sql, long count)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (server.Ask(sql) < count)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    private protected void AddTrigger(string when, string then, string condition = "true") => Run($"""
        CREATE FUNCTION test_function() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN {then}; RETURN NEW; END $$;
        CREATE TRIGGER test_trigger {when} INSERT ON slots FOR EACH ROW WHEN ({condition}) EXECUTE FUNCTION test_function()
        """);
}
