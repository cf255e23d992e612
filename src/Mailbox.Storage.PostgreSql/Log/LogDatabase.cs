using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// The database that a log lies in: connections to the primary, who it is, and its clock. Each new connection is looked at before it is used,
/// because the server behind it may be a restored copy, or a standby that was promoted without the newest frames.
/// </summary>
sealed class LogDatabase : IDisposable
{
    static readonly TimeSpan s_blockedAtMost = TimeSpan.FromSeconds(1);
    static readonly TimeSpan s_betweenLooks = TimeSpan.FromMilliseconds(200);

    readonly NpgsqlDataSource _source;
    readonly TimeProvider _time;
    readonly Lock _clockLock = new();
    readonly Lock _identityLock = new();
    (long System, int Timeline) _identity;
    uint _incarnation;
    DateTimeOffset _clock;
    DateTimeOffset _lastTime;
    long _clockRead;

    LogDatabase(PostgresOptions options, TimeProvider time)
    {
        (Options, _time) = (options, time);
        Owned = new(this);
        _source = DataSources.Open(options, Identify);
    }

    public PostgresOptions Options { get; }

    public OwnedPartitions Owned { get; }

    public int Partitions { get; private set; }

    public uint Incarnation
    {
        get => Volatile.Read(ref _incarnation);
        set => Volatile.Write(ref _incarnation, value);
    }

    /// <summary>The database's clock, as far as it is known here: it goes on from what the last commit told, and never back.</summary>
    public DateTimeOffset Time
    {
        get
        {
            lock (_clockLock)
            {
                var now = _clock + _time.GetElapsedTime(_clockRead);
                return _lastTime = now > _lastTime ? now : _lastTime;
            }
        }
    }

    public static LogDatabase Open(PostgresOptions options, TimeProvider time)
    {
        var database = new LogDatabase(options, time);
        try
        {
            SchemaMigration.Run(database._source, options.Schema);
            database.ReadSettings();
            return database;
        }
        catch (Exception e)
        {
            database.Dispose();
            if (e is not NpgsqlException fault) throw;
            throw new StoreException($"The database cannot be opened: {fault.Message}", fault);
        }
    }

    public NpgsqlConnection Connect() => _source.OpenConnection();

    public ValueTask<NpgsqlConnection> ConnectAsync(CancellationToken cancel = default) => _source.OpenConnectionAsync(cancel);

    /// <summary>One has broken, and others may have with it: those that are in use are closed when they are given back.</summary>
    public void ReplaceConnections() => _source.Clear();

    public void SetClock(DateTime clock)
    {
        lock (_clockLock) (_clock, _clockRead) = (clock, _time.GetTimestamp());
    }

    /// <summary>
    /// Runs what waits for rows that another transaction may hold. One that holds them for a second is a process that hangs or is cut off in
    /// mid-commit, and its backend is ended.
    /// </summary>
    /// <exception cref="StoreException">The database failed, or it warned: nothing that was asked counts, though it may have been done.</exception>
    public async Task<T> CommitAsync<T>(Func<NpgsqlConnection, Task<T>> ask, CancellationToken cancel)
    {
        try
        {
            await using var connection = await ConnectAsync(cancel).ConfigureAwait(false);
            var warnings = new CommitWarnings(connection);
            using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var ending = EndBlockersAsync(connection.ProcessID, end.Token);
            try
            {
                var result = await ask(connection).ConfigureAwait(false);
                return warnings.Text is null ? result : throw new StoreException($"The database did not do it for certain: {warnings.Text}");
            }
            finally
            {
                await end.CancelAsync().ConfigureAwait(false);
                await ending.ConfigureAwait(false);
            }
        }
        catch (NpgsqlException e)
        {
            if (!PostgresFault.IsAnswer(e)) ReplaceConnections();
            throw new StoreException($"The database cannot be reached: {e.Message}", e);
        }
    }

    public void ChangeIncarnation(NpgsqlConnection connection, uint known)
    {
        using var command = connection.Command("SELECT change_incarnation($1)", (int)known);
        Incarnation = (uint)(int)command.ExecuteScalar()!;
        Options.Notice?.Invoke($"The database has lost the end of its log: every mailbox that is loaded from now on has a new epoch ({Incarnation}).");
    }

    public void Dispose() => _source.Dispose();

    void ReadSettings()
    {
        // Whoever comes first decides how many partitions there are.
        const string Make = """
            INSERT INTO settings (partitions, incarnation, system_identifier) VALUES ($1, 1 + floor(random() * 16777215)::integer, $2) ON CONFLICT DO NOTHING
            """;
        const string MakePartitions = """
            INSERT INTO partitions (partition) SELECT n FROM settings, generate_series(0, partitions - 1) n ON CONFLICT DO NOTHING
            """;
        using var connection = Connect();
        using (var batch = connection.CreateBatch())
        {
            batch.Add(Make, Options.Partitions, _identity.System);
            batch.Add(MakePartitions);
            batch.ExecuteNonQuery();
        }
        AdoptSystem(connection, _identity.System);
        using var command = connection.Command("SELECT partitions, incarnation, clock_timestamp() FROM settings");
        using var reader = command.ExecuteReader();
        reader.Read();
        Partitions = reader.GetInt32(0);
        Incarnation = (uint)reader.GetInt32(1);
        SetClock(reader.GetDateTime(2));
    }

    /// <summary>
    /// Runs on every new connection. Another system identifier: the tables were restored into another server, and every epoch changes. Another
    /// timeline: the server was promoted, or restored to an earlier moment. Where it was promoted with all that was committed, as with
    /// synchronous replication, epochs stay: the owner of a partition finds its newest frame and notes the timeline. Where the frame is not
    /// there, the owner changes the incarnation; where no owner has looked, the next claim does, because nobody knows what was lost.
    /// A standby has no current position and is refused with an error.
    /// </summary>
    void Identify(NpgsqlConnection connection)
    {
        const string Ask = """
            SELECT system_identifier, ('x' || substr(pg_walfile_name(pg_current_wal_lsn()), 1, 8))::bit(32)::integer FROM pg_control_system()
            """;
        lock (_identityLock)
        {
            (long System, int Timeline) found;
            using (var command = connection.Command(Ask))
            using (var reader = command.ExecuteReader())
            {
                reader.Read();
                found = (reader.GetInt64(0), reader.GetInt32(1));
            }
            // Not for the first connection, before there is a schema.
            if (_identity.System != 0 && found.System != _identity.System) AdoptSystem(connection, found.System);
            else if (_identity.System != 0 && found.Timeline != _identity.Timeline) Owned.Verify(connection, found.Timeline);
            _identity = found;
        }
    }

    void AdoptSystem(NpgsqlConnection connection, long system)
    {
        const string Adopt = """
            UPDATE settings SET system_identifier = $1, incarnation = other_incarnation(incarnation) WHERE system_identifier <> $1
            """;
        using var command = connection.Command(Adopt, system);
        command.ExecuteNonQuery();
        foreach (var partition in Owned.All()) partition.IsLost = true;
    }

    async Task EndBlockersAsync(int waiting, CancellationToken end)
    {
        // One that waits for a standby has decided: to end it would show others what is not replicated.
        const string EndBlockers = """
            SELECT count(pg_terminate_backend(b.pid)) FROM pg_locks l CROSS JOIN LATERAL unnest(pg_blocking_pids(l.pid)) b (pid)
            WHERE l.pid = $1 AND NOT l.granted AND l.waitstart < clock_timestamp() - $2 AND b.pid <> 0
                AND NOT EXISTS (SELECT FROM pg_stat_activity a WHERE a.pid = b.pid AND a.wait_event = 'SyncRep')
            """;
        try
        {
            await Task.Delay(s_blockedAtMost, _time, end).ConfigureAwait(false);
            while (true)
            {
                await using (var connection = await ConnectAsync(end).ConfigureAwait(false))
                await using (var command = connection.Command(EndBlockers, waiting, s_blockedAtMost))
                {
                    var ended = (long)(await command.ExecuteScalarAsync(end).ConfigureAwait(false))!;
                    if (ended > 0) Options.Notice?.Invoke($"Ended {ended} backends that kept a partition's next number for more than a second.");
                }
                await Task.Delay(s_betweenLooks, _time, end).ConfigureAwait(false);
            }
        }
        catch (OperationCanceledException)
        {
            // What was waited for is done.
        }
        catch (NpgsqlException e)
        {
            Options.Notice?.Invoke($"A partition's next number is held by another transaction, which cannot be ended: {e.Message}");
        }
    }
}

/// <summary>
/// Hears the warning that a commit may come back with: the primary has it, and nobody waited for the standby. Then it may be lost and counts as
/// being in doubt. Warnings that transaction numbers run out have nothing to do with the commit.
/// </summary>
sealed class CommitWarnings
{
    static readonly string[] s_harmless = ["GetNewTransactionId", "GetNewMultiXactId"];

    public CommitWarnings(NpgsqlConnection connection) => connection.Notice += (_, args) =>
    {
        var notice = args.Notice;
        if (notice.InvariantSeverity == "WARNING" && !s_harmless.Contains(notice.Routine)) Text = notice.MessageText;
    };

    public string? Text { get; private set; }
}

static class Commands
{
    /// <param name="values">For <c>$1</c>, <c>$2</c> …</param>
    public static NpgsqlCommand Command(this NpgsqlConnection connection, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlCommand(sql, connection);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        return command;
    }

    public static void Add(this NpgsqlBatch batch, string sql, params ReadOnlySpan<object> values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values) command.Parameters.Add(new() { Value = value });
        batch.BatchCommands.Add(command);
    }
}
