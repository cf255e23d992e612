using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Makes the pool of connections.</summary>
static class DataSources
{
    const int StatementsKeptPrepared = 60;

    /// <param name="opened">Looks at every new connection before it is used; what it throws, its opening throws.</param>
    public static NpgsqlDataSource Open(PostgresOptions options, Action<NpgsqlConnection> opened)
    {
        var text = new NpgsqlConnectionStringBuilder(options.ConnectionString)
        {
            SearchPath = options.Schema,
            Timeout = Seconds(options.ConnectTimeout),
            CommandTimeout = Seconds(options.CommandTimeout),
            TcpKeepAliveTime = Seconds(options.CommandTimeout),
            TcpKeepAliveInterval = 1,
            MaxPoolSize = options.MaxConnections,
            MaxAutoPrepare = StatementsKeptPrepared,
            AutoPrepareMinUsages = 2,
            // A commit of all partitions, or a part of a snapshot, in few system calls.
            ReadBufferSize = 1 << 16,
            WriteBufferSize = 1 << 16,
            NoResetOnClose = true,
            Enlist = false,
            ApplicationName = "mailbox",
            Options = Settings(options),
        };
        if (text.Host?.Contains(',', StringComparison.Ordinal) == true)
        {
            text.TargetSessionAttributes = "primary";
            text.HostRecheckSeconds = 1;
        }
        var builder = new NpgsqlDataSourceBuilder(text.ConnectionString);
        builder.UsePhysicalConnectionInitializer(opened, connection =>
        {
            opened(connection);
            return Task.CompletedTask;
        });
        return builder.Build();
    }

    // Every statement finds its rows by an index. The planner does not know how long an array is and would, on tables that were not yet
    // analysed, read all of a table for each batch. The plan is the same whatever the parameters are, so none is made for each commit.
    static string Settings(PostgresOptions options) => string.Join(' ', [
        $"-c idle_in_transaction_session_timeout={Milliseconds(options.StalledTransactionTimeout)}",
        $"-c lock_timeout={Milliseconds(options.CommandTimeout * 0.8)}",
        $"-c tcp_user_timeout={Milliseconds(options.CommandTimeout)}",
        "-c synchronous_commit=on -c default_transaction_isolation=read\\ committed -c work_mem=32MB",
        "-c plan_cache_mode=force_generic_plan -c jit=off -c enable_hashjoin=off -c enable_mergejoin=off -c enable_seqscan=off"]);

    static int Seconds(TimeSpan time) => (int)Math.Ceiling(time.TotalSeconds);

    static int Milliseconds(TimeSpan time) => (int)time.TotalMilliseconds;
}
