using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Makes the pools of connections.</summary>
static class DataSources
{
    const int StatementsKeptPrepared = 60;

    public static NpgsqlDataSource Open(PostgresOptions options)
    {
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            SearchPath = options.Schema,
            Timeout = Seconds(options.ConnectTimeout),
            CommandTimeout = Seconds(options.CommandTimeout),
            MaxPoolSize = options.MaxConnections,
            MaxAutoPrepare = StatementsKeptPrepared,
            AutoPrepareMinUsages = 2,
            NoResetOnClose = true,
            Enlist = false,
            ApplicationName = "mailbox",
            Options = Settings(options),
        };
        return NpgsqlDataSource.Create(text);
    }

    // Every statement finds its rows by an index. The planner does not know how long an array is and would, on tables that were not yet
    // analysed, read all of a table for each batch.
    static string Settings(PostgresOptions options) => string.Join(' ', [
        $"-c idle_in_transaction_session_timeout={Milliseconds(options.StalledTransactionTimeout)}",
        $"-c lock_timeout={Milliseconds(options.CommandTimeout * 0.8)}",
        $"-c tcp_user_timeout={Milliseconds(options.CommandTimeout)}",
        "-c jit=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off"]);

    static int Seconds(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds);

    static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;
}
