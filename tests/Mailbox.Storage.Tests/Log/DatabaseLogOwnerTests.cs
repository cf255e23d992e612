using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Npgsql;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>Partitions change their owner, and the server its place.</summary>
[Collection(PostgresGroup.Name)]
public sealed class DatabaseLogOwnerTests(PostgresServer server) : DatabaseLogTest(server)
{
    [Fact]
    public async Task An_owner_that_slept_through_a_claim_and_a_trimming_stores_nothing()
    {
        var sleeper = await StartAsync("sleeper");
        sleeper.Commit("before");
        var newer = await StartAsync("newer");
        for (var i = 0; i < 5000; i++) newer.Commit("newer's");
        newer.WriteSnapshot(newer.Commit("last").Sequence, "all of it");
        await newer.FreeAsync();
        Assert.Equal(1, Ask("SELECT count(*) FROM slots WHERE partition = 0"));

        var late = LogDriver.FrameOf("late", "late body");
        sleeper.CommitBatch(Durability.Disk, late);
        Assert.Equal(FrameOutcome.Fenced, late.Outcome);
        Assert.Equal(0, Ask("SELECT count(*) FROM bodies"));
        newer.Commit("after");
        Assert.Equal(["after"], (await newer.ReadAsync()).Records);
    }

    [Theory]
    [InlineData("BEFORE")]
    [InlineData("AFTER")]
    public async Task A_commit_of_the_former_owner_that_hangs_does_not_keep_a_claim_from_the_partition(string when)
    {
        var former = await StartAsync("former");
        former.Commit("stored");
        using var hold = Hold(when);
        var (late, other) = (LogDriver.FrameOf("held", "held body"), LogDriver.FrameOf("other", partition: 1));
        var batch = Batch(late, other);
        var committing = Task.Run(() => Record.Exception(() => former.Log.Commit(batch)), Cancel);
        await hold.WaitForWaiterAsync();

        var newer = await StartAsync("newer", [0]);
        newer.Commit("newer's");
        hold.Release();
        // The transaction was behind in one case and was ended in the other.
        if (await committing is UncertainStoreException) await former.Log.SettleAsync(batch, Cancel);
        else Assert.Equal("BEFORE", when);
        Assert.Equal(FrameOutcome.Fenced, late.Outcome);
        Assert.Equal(when == "BEFORE" ? FrameOutcome.Stored : FrameOutcome.Void, other.Outcome);
        Assert.Equal(["stored", "newer's"], (await newer.ReadAsync()).Records);
        Assert.Equal(0, Ask("SELECT count(*) FROM bodies"));
        former.Commit("mine", partition: 1);
    }

    [Fact]
    public async Task What_the_former_owner_commits_while_a_claim_waits_for_it_is_stored_and_lies_before_the_claim()
    {
        var former = await StartAsync("former");
        using var hold = Hold("AFTER");
        var frame = LogDriver.FrameOf("held", "held body");
        var committing = Task.Run(() => former.CommitBatch(Durability.Disk, frame), Cancel);
        await hold.WaitForWaiterAsync();
        var claiming = StartAsync("newer", [0]);
        await hold.WaitForWaiterAsync(waiters: 2);
        hold.Release();
        await committing;
        var newer = await claiming;

        Assert.Equal(FrameOutcome.Stored, frame.Outcome);
        Assert.Equal(["held"], (await newer.ReadAsync()).Records);
        var late = LogDriver.FrameOf("late");
        former.CommitBatch(Durability.Disk, late);
        Assert.Equal(FrameOutcome.Fenced, late.Outcome);
    }

    [Fact]
    public async Task Whatever_holds_the_next_number_for_a_second_is_ended()
    {
        var former = await StartAsync("former");
        var last = former.Commit("stored").Sequence;
        using var connection = new NpgsqlConnection(Server.ConnectionString + ";Pooling=false");
        await connection.OpenAsync(Cancel);
        using var transaction = await connection.BeginTransactionAsync(Cancel);
        await using (var command = connection.CreateCommand())
        {
            command.CommandText = $"INSERT INTO {Options.Schema}.slots VALUES (0, 0, {last + 1}, 1, 0, 0, 0, '')";
            await command.ExecuteNonQueryAsync(Cancel);
        }
        var newer = await StartAsync("newer");
        newer.Commit("newer's");
        Assert.Equal(["stored", "newer's"], (await newer.ReadAsync()).Records);
        await Assert.ThrowsAnyAsync<NpgsqlException>(() => transaction.CommitAsync(Cancel));
    }

    [Fact]
    public async Task A_snapshot_of_a_former_owner_does_not_count()
    {
        var former = await StartAsync("former");
        former.Commit("before");
        using var writer = former.Log.BeginSnapshot(0);
        writer.Write("half"u8);
        var newer = await StartAsync("newer");
        Assert.Throws<FencedException>(() => writer.Complete(1));
        newer.Commit("after");
        var found = await newer.ReadAsync();
        Assert.Empty(found.Slices);
        Assert.Equal(["before", "after"], found.Records);
        writer.Dispose();
        Assert.Equal(0, Ask("SELECT count(*) FROM snapshots"));
    }

    [Fact]
    public async Task Two_processes_commit_to_their_partitions_beside_each_other()
    {
        var (first, second) = (await StartAsync("first", [0, 1]), await StartAsync("second", [2, 3]));
        await Task.WhenAll(Task.Run(() => CommitMany(first, 0, 1), Cancel), Task.Run(() => CommitMany(second, 2, 3), Cancel));
        for (var partition = 0; partition < 4; partition++)
            Assert.Equal(Enumerable.Range(0, 200).Select(static i => $"{i}"), (await first.ReadAsync(partition)).Records);

        static void CommitMany(LogDriver log, int one, int other)
        {
            for (var i = 0; i < 200; i++)
            {
                // In any order: the log sends them in the order of their partitions.
                var frames = new[] { LogDriver.FrameOf($"{i}", "b", other), LogDriver.FrameOf($"{i}", "b", one) };
                log.CommitBatch(Durability.Disk, frames);
                Assert.All(frames, static frame => Assert.Equal(FrameOutcome.Stored, frame.Outcome));
            }
        }
    }

    [Fact]
    public async Task A_promoted_server_that_has_all_frames_goes_on_and_one_without_the_newest_has_new_epochs()
    {
        var log = await StartAsync("owner");
        var (incarnation, kept) = (log.Log.Incarnation, log.Commit("kept"));
        var lost = log.Commit("lost", partition: 1);
        Run($"DELETE FROM slots WHERE partition = 1 AND seq = {lost.Sequence}");
        Server.Promote();
        var batch = Batch(LogDriver.FrameOf("broken"), LogDriver.FrameOf("broken", partition: 1));
        Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
        await AgainAsync(() => log.Log.SettleAsync(batch, Cancel).AsTask());
        Assert.Equal([FrameOutcome.Void, FrameOutcome.Fenced], batch.Frames.Select(static frame => frame.Outcome));
        var changed = log.Log.Incarnation;
        Assert.NotEqual(incarnation, changed);

        log.Commit("after");
        Assert.Equal(["kept", "after"], (await log.ReadAsync()).Records);
        await log.Log.ClaimAsync([1], "owner", Cancel);
        log.Commit("again", partition: 1);
        Assert.Equal(["again"], (await log.ReadAsync(1)).Records);
        // The owner has found its newest frames in partitions 0, 2 and 3 on the new timeline, so the next claim has nothing to fear.
        Assert.Equal(changed, (await StartAsync("next")).Log.Incarnation);
    }

    [Fact]
    public async Task Where_no_owner_has_looked_since_a_promotion_the_next_claim_has_new_epochs_once()
    {
        var log = await StartAsync("owner");
        var incarnation = log.Log.Incarnation;
        log.Commit("before");
        Run("UPDATE partitions SET timeline = timeline + 1");
        var first = await StartAsync("first", [0, 1]);
        Assert.NotEqual(incarnation, first.Log.Incarnation);
        var second = await StartAsync("second", [2, 3]);
        Assert.Equal(first.Log.Incarnation, second.Log.Incarnation);
        await first.Log.OwnersAsync(Cancel);
        Assert.Equal(second.Log.Incarnation, first.Log.Incarnation);
        Assert.Equal(["before"], (await first.ReadAsync()).Records);
    }

    [Fact]
    public async Task An_owner_that_finds_its_newest_frame_gone_is_fenced_and_the_epochs_change()
    {
        var log = await StartAsync("owner");
        var incarnation = log.Log.Incarnation;
        log.Commit("kept");
        var lost = log.Commit("lost", "lost body");
        Run($"DELETE FROM slots WHERE partition = 0 AND seq = {lost.Sequence}; DELETE FROM bodies");
        var (frame, other) = (LogDriver.FrameOf("next"), LogDriver.FrameOf("other", partition: 1));
        log.CommitBatch(Durability.Disk, frame, other);
        Assert.Equal((FrameOutcome.Fenced, FrameOutcome.Stored), (frame.Outcome, other.Outcome));
        Assert.NotEqual(incarnation, log.Log.Incarnation);

        // Another has gone on from where the end was lost: its claim has the number of the lost frame.
        var newer = await StartAsync("newer", [1]);
        Run($"DELETE FROM slots WHERE partition = 1 AND seq >= {other.Sequence}");
        await StartAsync("newest", [1]);
        var known = newer.Log.Incarnation;
        var late = LogDriver.FrameOf("late", partition: 1);
        newer.CommitBatch(Durability.Disk, late);
        Assert.Equal(FrameOutcome.Fenced, late.Outcome);
        Assert.NotEqual(known, newer.Log.Incarnation);
    }

    [Fact]
    public async Task An_owner_whose_newest_frame_is_gone_completes_no_snapshot_and_frees_nothing()
    {
        var log = await StartAsync("owner");
        var address = log.Log.NextAddress(0);
        log.Commit("first", "body");
        log.WriteSnapshot(log.Commit("covered").Sequence, "all of it");
        using var writer = log.Log.BeginSnapshot(0);
        writer.Write("what is lost, too"u8);
        var lost = log.Commit("the message with the body is removed");
        Run($"DELETE FROM slots WHERE partition = 0 AND seq = {lost.Sequence}");
        var before = Ask("SELECT count(*) FROM slots");
        await log.Log.FreeAsync(0, [log.ContainerOf(address)], Cancel);
        Assert.Equal(before, Ask("SELECT count(*) FROM slots"));
        Assert.Equal("body", await log.BodyAsync(address, 4));
        Assert.Throws<FencedException>(() => writer.Complete(lost.Sequence));
        Assert.Equal(["all of it"], (await log.ReadAsync()).Slices);
    }

    [Fact]
    public async Task A_log_that_was_restored_into_another_server_has_new_epochs_once()
    {
        uint incarnation;
        using (var log = await StartAsync("owner"))
        {
            log.Commit("before");
            incarnation = log.Log.Incarnation;
        }
        Run("UPDATE settings SET system_identifier = 1");
        var restored = await StartAsync("owner");
        Assert.NotEqual(incarnation, restored.Log.Incarnation);
        Assert.InRange(restored.Log.Incarnation, 1u, (1u << 24) - 1);
        Assert.Equal(["before"], restored.Found[0].Records);
        Assert.Equal(restored.Log.Incarnation, (await StartAsync("owner")).Log.Incarnation);
    }

    HeldCommit Hold(string when)
    {
        AddTrigger(when, "PERFORM pg_advisory_xact_lock_shared(4711)", "NEW.records = 'held'");
        return new(Server);
    }

    /// <summary>A commit with the record "held" waits until it is released, before or after its slot is taken.</summary>
    sealed class HeldCommit : IDisposable
    {
        readonly PostgresServer _server;
        readonly NpgsqlConnection _connection;

        public HeldCommit(PostgresServer server)
        {
            (_server, _connection) = (server, new(server.ConnectionString + ";Pooling=false"));
            _connection.Open();
            Execute("SELECT pg_advisory_lock(4711)");
        }

        public async Task WaitForWaiterAsync(int waiters = 1)
        {
            using var patience = new CancellationTokenSource(s_patience);
            while (_server.Ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'mailbox'") < waiters)
            {
                patience.Token.ThrowIfCancellationRequested();
                await Task.Yield();
            }
        }

        public void Release() => Execute("SELECT pg_advisory_unlock(4711)");

        public void Dispose() => _connection.Dispose();

        void Execute(string sql)
        {
            using var command = new NpgsqlCommand(sql, _connection);
            command.ExecuteNonQuery();
        }
    }
}
