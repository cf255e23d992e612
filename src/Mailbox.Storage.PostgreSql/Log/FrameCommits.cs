using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Commits frames, on a connection of its own: one statement in one round trip. The statement takes each number from the slot before it, which
/// must be there and of our claim, so it refuses the whole commit where another has claimed a partition, however long ago.
/// </summary>
sealed class FrameCommits(LogDatabase database) : IDisposable
{
    const int Attempts = 3;

    const string Insert = """
        WITH stored AS (
            INSERT INTO slots (partition, seq, claim, kind, at, bodies_at, body_bytes, records)
            SELECT f.partition,
                (SELECT s.seq + 1 FROM slots s WHERE s.partition = f.partition AND s.seq = f.last AND s.claim = f.claim FOR KEY SHARE),
                f.claim, 0, $7, f.bodies_at, f.body_bytes, f.records
            FROM unnest($1, $2, $3, $4, $5, $6) f (partition, last, claim, bodies_at, body_bytes, records)
            RETURNING 1),
        kept AS (
            INSERT INTO bodies (partition, at, size, bytes) SELECT b.partition, b.at, length(b.bytes), b.bytes
            FROM unnest($8, $9, $10) b (partition, at, bytes))
        SELECT clock_timestamp() FROM stored LIMIT 1
        """;

    const short FrameKind = 0;

    readonly Dictionary<FrameBatch, SentFrame[]> _inDoubt = [];
    NpgsqlConnection? _connection;
    CommitWarnings? _warnings;

    /// <summary>False once the database has answered with what time does not heal.</summary>
    public bool IsWritable { get; private set; } = true;

    public void Commit(FrameBatch batch)
    {
        var frames = Take(batch);
        var (attempts, refusals, isRefused) = (0, 0, false);
        while (true)
        {
            var isSent = false;
            try
            {
                var connection = Connect();
                if (isRefused && database.Owned.MarkLost(connection, Array.ConvertAll(frames, static frame => frame.Owned))) refusals = 0;
                isRefused = false;
                frames = DropFenced(frames);
                if (frames.Length == 0) return;
                isSent = true;
                Send(connection, frames, batch.At);
            }
            // Nothing is stored: it was not sent, or the database says so and goes on.
            catch (NpgsqlException e) when (!isSent || PostgresFault.IsAnswer(e))
            {
                if (!PostgresFault.IsAnswer(e) || e.SqlState == PostgresErrorCodes.ReadOnlySqlTransaction) Reconnect();
                if (e.SqlState == PostgresErrorCodes.DiskFull) throw PostgresFault.ToStore(e);
                if (e.SqlState is PostgresErrorCodes.UniqueViolation or PostgresErrorCodes.NotNullViolation && ++refusals < Attempts) isRefused = true;
                else if (isSent && !IsPassing(e)) throw Failed(e);
                else if (++attempts == Attempts) throw new UncertainStoreException($"The database cannot be used, and nothing was stored: {e.Message}", e);
                continue;
            }
            catch (Exception e) when (isSent)
            {
                Reconnect();
                throw InDoubt(batch, frames, e.Message, e);
            }
            if (_warnings!.Text is { } warning)
            {
                Reconnect();
                throw InDoubt(batch, frames, warning, null);
            }
            foreach (var frame in frames) MarkStored(frame);
            return;
        }
    }

    /// <summary>
    /// Puts void slots at the numbers of the frames. A transaction that is still under way keeps them waiting until it is decided, so what is read
    /// then is final: our frame is there, or never will be. The statement that comes first makes this a commit in any case: when it returns
    /// without a warning, what it read survives the loss of the primary too.
    /// </summary>
    public async ValueTask SettleAsync(FrameBatch batch, CancellationToken cancel)
    {
        const string Write = "UPDATE partitions SET claim = claim WHERE partition = $1";
        const string Void = """
            INSERT INTO slots (partition, seq, claim, kind, at, bodies_at, body_bytes, records)
            SELECT s.partition, s.seq + 1, s.claim, 2, s.at, s.bodies_at + s.body_bytes, 0, ''
            FROM unnest($1, $2, $3) f (partition, last, claim)
            JOIN slots s ON s.partition = f.partition AND s.seq = f.last AND s.claim = f.claim
            ORDER BY s.partition FOR KEY SHARE OF s
            ON CONFLICT DO NOTHING
            """;
        const string Read = """
            SELECT s.claim, s.kind, coalesce(newest.seq, 0) FROM unnest($1, $2) WITH ORDINALITY f (partition, last, place)
            LEFT JOIN slots s ON s.partition = f.partition AND s.seq = f.last + 1
            LEFT JOIN LATERAL (SELECT n.seq FROM slots n WHERE n.partition = f.partition ORDER BY n.seq DESC LIMIT 1) newest ON true
            ORDER BY f.place
            """;
        SentFrame[]? frames;
        lock (_inDoubt) frames = _inDoubt.GetValueOrDefault(batch);
        if (frames is null)
        {
            // Nothing was sent.
            foreach (var frame in batch.Frames)
                if (frame.Outcome == FrameOutcome.Unknown) frame.Outcome = FrameOutcome.Void;
            return;
        }
        var (partitions, lasts, claims) = (Partitions(frames), Lasts(frames), Claims(frames));
        var outcomes = await database.CommitAsync(async connection =>
        {
            await using var settling = connection.CreateBatch();
            settling.Add(Write, partitions[0]);
            settling.Add(Void, partitions, lasts, claims);
            settling.Add(Read, partitions, lasts);
            await using var reader = await settling.ExecuteReaderAsync(cancel).ConfigureAwait(false);
            var found = new List<FrameOutcome>();
            while (await reader.ReadAsync(cancel).ConfigureAwait(false))
                found.Add(Outcome(frames[found.Count], reader));
            while (await reader.NextResultAsync(cancel).ConfigureAwait(false)) { }
            await reader.DisposeAsync().ConfigureAwait(false);
            var lost = frames.Where((_, i) => found[i] is FrameOutcome.Fenced or FrameOutcome.Unknown).Select(static frame => frame.Owned);
            database.Owned.MarkLost(connection, [.. lost]);
            return found;
        }, cancel).ConfigureAwait(false);
        lock (_inDoubt) _inDoubt.Remove(batch);
        for (var i = 0; i < frames.Length; i++) Settle(frames[i], outcomes[i]);
    }

    public void Dispose() => _connection?.Dispose();

    static FrameOutcome Outcome(SentFrame frame, NpgsqlDataReader found)
    {
        if (!found.IsDBNull(0))
        {
            if (found.GetInt64(0) != frame.Owned.Claim) return FrameOutcome.Fenced;
            return found.GetInt16(1) == FrameKind ? FrameOutcome.Stored : FrameOutcome.Void;
        }
        // Without the slot before it there is no void either. Below it: the database has lost its end. Above it: another has claimed the
        // partition and trimmed what we look for, and it stays unknown whether our frame was there.
        return found.GetInt64(2) < frame.Sequence ? FrameOutcome.Fenced : FrameOutcome.Unknown;
    }

    SentFrame[] Take(FrameBatch batch)
    {
        var frames = new List<SentFrame>(batch.Frames.Count);
        foreach (var frame in batch.Frames)
        {
            if (frame.Bodies.Length > BodyAddress.MostBytes)
                throw new ArgumentException($"A frame has {frame.Bodies.Length} bytes of bodies; it may have {BodyAddress.MostBytes}.", nameof(batch));
            if (database.Owned.Find(frame.Partition) is not { IsLost: false } owned) frame.Outcome = FrameOutcome.Fenced;
            else if (owned.IsInDoubt) throw new InvalidOperationException($"A frame of partition {frame.Partition} is in doubt: settle it first.");
            else frames.Add(new(frame, owned, database.Owned.NextAddress(owned)));
        }
        // Everyone takes slots in the order of partitions, so that no two wait for each other.
        frames.Sort(static (a, b) => a.Frame.Partition.CompareTo(b.Frame.Partition));
        return [.. frames];
    }

    static SentFrame[] DropFenced(SentFrame[] frames)
    {
        foreach (var frame in frames)
            if (frame.Owned.IsLost) frame.Frame.Outcome = FrameOutcome.Fenced;
        return Array.FindAll(frames, static frame => !frame.Owned.IsLost);
    }

    NpgsqlConnection Connect()
    {
        if (_connection is { State: not System.Data.ConnectionState.Open }) Reconnect();
        if (_connection is null)
        {
            _connection = database.Connect();
            _warnings = new(_connection);
        }
        return _connection;
    }

    void Reconnect()
    {
        database.ReplaceConnections();
        _connection?.Dispose();
        _connection = null;
    }

    /// <summary>
    /// Npgsql's own time-out asks the server to cancel, and a commit that waits for a standby would then be shown to others without it. So there
    /// is none: the connection is left behind, and closed when its answer comes.
    /// </summary>
    void Send(NpgsqlConnection connection, SentFrame[] frames, DateTimeOffset at)
    {
        var bodies = Array.FindAll(frames, static frame => frame.Frame.Bodies.Length > 0);
        var command = connection.Command(
            Insert, Partitions(frames), Lasts(frames), Claims(frames), Array.ConvertAll(frames, static frame => (long)frame.Address),
            Array.ConvertAll(frames, static frame => frame.Frame.Bodies.Length), Array.ConvertAll(frames, static frame => frame.Frame.Records.Written.ToArray()),
            at.ToUnixTimeMilliseconds(), Partitions(bodies), Array.ConvertAll(bodies, static frame => (long)frame.Address),
            Array.ConvertAll(bodies, static frame => frame.Frame.Bodies.Written.ToArray()));
        command.CommandTimeout = 0;
        var sending = SendAsync(command);
        if (Task.WaitAny([sending], database.Options.CommandTimeout) < 0)
        {
            _connection = null;
            _ = CloseAfterAsync(sending, connection);
            throw new TimeoutException("The database did not answer a commit in time.");
        }
        database.SetClock(sending.GetAwaiter().GetResult());
    }

    static async Task<DateTime> SendAsync(NpgsqlCommand command)
    {
        await using (command)
        {
            await using var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await reader.ReadAsync().ConfigureAwait(false);
            var clock = reader.GetDateTime(0);
            // It is committed when the answer has been read to its end.
            while (await reader.NextResultAsync().ConfigureAwait(false)) { }
            return clock;
        }
    }

    static async Task CloseAfterAsync(Task sending, NpgsqlConnection connection)
    {
        await sending.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    void MarkStored(SentFrame frame)
    {
        lock (database.Owned.Lock) (frame.Owned.Last, frame.Owned.End) = (frame.Sequence, frame.Address + (uint)frame.Frame.Bodies.Length);
        (frame.Frame.Outcome, frame.Frame.Sequence) = (FrameOutcome.Stored, frame.Sequence);
    }

    void Settle(SentFrame frame, FrameOutcome outcome)
    {
        frame.Owned.IsInDoubt = false;
        frame.Frame.Outcome = outcome;
        if (outcome == FrameOutcome.Stored) MarkStored(frame);
        else if (outcome == FrameOutcome.Void) lock (database.Owned.Lock) frame.Owned.Last = frame.Sequence;
    }

    UncertainStoreException InDoubt(FrameBatch batch, SentFrame[] frames, string reason, Exception? inner)
    {
        lock (_inDoubt) _inDoubt[batch] = frames;
        foreach (var frame in frames) frame.Owned.IsInDoubt = true;
        var message = $"It is unknown whether the database stored a commit: {reason}";
        return inner is null ? new(message) : new(message, inner);
    }

    StoreException Failed(NpgsqlException e)
    {
        IsWritable = false;
        return PostgresFault.ToStore(e);
    }

    /// <summary>The class of the error: rolled back, short of resources, not in the right state, an operator's intervention, a fault of the system.</summary>
    static bool IsPassing(NpgsqlException e) =>
        e.SqlState is null or PostgresErrorCodes.ReadOnlySqlTransaction || e.SqlState[..2] is "40" or "53" or "55" or "57" or "58";

    static int[] Partitions(SentFrame[] frames) => Array.ConvertAll(frames, static frame => frame.Frame.Partition);

    static long[] Lasts(SentFrame[] frames) => Array.ConvertAll(frames, static frame => frame.Sequence - 1);

    static long[] Claims(SentFrame[] frames) => Array.ConvertAll(frames, static frame => frame.Owned.Claim);
}

/// <summary>A frame under the number and at the address that it gets or nobody does.</summary>
sealed class SentFrame(Frame frame, OwnedPartition owned, ulong address)
{
    public Frame Frame => frame;

    public OwnedPartition Owned => owned;

    public long Sequence { get; } = owned.Last + 1;

    public ulong Address => address;
}
