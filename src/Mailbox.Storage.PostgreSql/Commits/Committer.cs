using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Commits batches, one at a time, on a connection of its own: locks and fences, then writes and COMMIT in one exchange. A connection that
/// breaks before the second has written nothing, and the batch is tried again on a new one; after that nobody knows.
/// </summary>
sealed class Committer(NpgsqlDataSource source, PostgresOptions options, NumberBlocks numbers) : IDisposable
{
    const int Attempts = 3;
    const long SeenStep = TimeSpan.TicksPerSecond;

    NpgsqlConnection? _connection;
    bool _mayHaveWritten;
    long _seen;

    public bool IsWritable { get; set; } = true;

    /// <returns>The keys that were stored.</returns>
    public IReadOnlyDictionary<KeyId, RememberedKey> Commit(CommitPlan plan)
    {
        for (var left = Attempts - 1; ; left--)
        {
            try
            {
                var rows = Attempt(plan);
                IsWritable = true;
                return rows.Keys;
            }
            catch (NpgsqlException e)
            {
                GiveUp(e);
                if (_mayHaveWritten) throw new UncertainStoreException($"The database was lost during a commit: {e.Message}", e);
                if (left == 0 || !PostgresFault.IsPassing(e)) throw PostgresFault.ToStore(e);
            }
            catch
            {
                // Whatever it was, the next batch must not commit what this one did so far.
                if (!TryRollBack()) Drop();
                throw;
            }
        }
    }

    /// <summary>A transaction that is synced takes everything before it along.</summary>
    public void Sync()
    {
        try
        {
            Execute("BEGIN; SELECT pg_current_xact_id(); COMMIT");
            IsWritable = true;
        }
        catch (NpgsqlException e)
        {
            GiveUp(e);
            throw PostgresFault.ToStore(e);
        }
    }

    public void Dispose() => _connection?.Dispose();

    BatchRows Attempt(CommitPlan plan)
    {
        _mayHaveWritten = false;
        plan.Begin();
        Execute(plan.MustSync || plan.Batch.Durability == Durability.Disk ? "BEGIN" : "BEGIN; SET LOCAL synchronous_commit = off");
        var parts = plan.Parts.Count > 0 ? SendParts.Lock(_connection!, plan.Parts, plan.Batch.Fenced ??= []) : null;
        BatchLock.Take(_connection!, plan, options.Owner);
        options.Locked?.Invoke();
        parts?.Record(_connection!, options.Owner, plan.Batch.Fenced ?? []);
        if (plan.Batch.Fenced is { Count: 0 }) plan.Batch.Fenced = null;
        var rows = new BatchRows(plan, numbers);
        Write(plan, rows);
        return rows;
    }

    void Write(CommitPlan plan, BatchRows rows)
    {
        using var batch = _connection!.CreateBatch();
        rows.AddTo(batch);
        var seen = plan.Batch.At.UtcTicks;
        if (seen >= _seen + SeenStep) batch.Add(Ownership.NoteSeen, options.Owner, seen);
        batch.Add("COMMIT");
        _mayHaveWritten = true;
        batch.ExecuteNonQuery();
        _mayHaveWritten = false;
        if (seen >= _seen + SeenStep) _seen = seen;
    }

    void Execute(string sql)
    {
        if (_connection is { State: not System.Data.ConnectionState.Open }) Drop();
        _connection ??= source.OpenConnection();
        using var command = new NpgsqlCommand(sql, _connection);
        command.ExecuteNonQuery();
    }

    /// <summary>An error that the database answered with is certain: it skips what came behind it, the COMMIT too.</summary>
    void GiveUp(NpgsqlException e)
    {
        if (PostgresFault.IsAnswer(e)) _mayHaveWritten = false;
        if (!PostgresFault.IsAnswer(e) || !TryRollBack()) Drop();
        if (!PostgresFault.IsAnswer(e)) IsWritable = false;
    }

    bool TryRollBack()
    {
        try
        {
            Execute("ROLLBACK");
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    void Drop()
    {
        if (_connection is { } connection) NpgsqlConnection.ClearPool(connection);
        _connection?.Dispose();
        _connection = null;
    }
}
