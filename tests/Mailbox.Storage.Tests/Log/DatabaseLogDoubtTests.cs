using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>Commits whose answer is lost, late or no: what is stored is found out, and what is not never will be.</summary>
[Collection(PostgresGroup.Name)]
public sealed class DatabaseLogDoubtTests(PostgresServer server, ITestOutputHelper output) : DatabaseLogTest(server)
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Rounds.Of(normal: 3, @long: 100)), Random.Shared.Next(1 << 20)];

    [Fact]
    public async Task A_commit_whose_connection_breaks_anywhere_is_settled()
    {
        using var relay = new DatabaseRelay(Server);
        var log = await StartAsync("owner", relay: relay);
        var expected = new List<string>();
        var (requests, answers) = MeasureCommit(log, relay, expected);
        output.WriteLine($"{requests} bytes to the server, {answers} back");
        var outcomes = new List<FrameOutcome>();
        for (var cut = 0L; cut < requests; cut += 23) outcomes.Add(await TryAsync(() => relay.CutRequestAfter(cut)));
        outcomes.Add(await TryAsync(() => relay.CutRequestAfter(requests - 1)));
        Assert.Contains(FrameOutcome.Void, outcomes);
        outcomes.Clear();
        for (var cut = 0L; cut < answers; cut += 7) outcomes.Add(await TryAsync(() => relay.CutAnswerAfter(cut)));
        Assert.All(outcomes, static outcome => Assert.Equal(FrameOutcome.Stored, outcome));
        log.Commit("end");
        expected.Add("end");

        var found = await log.ReadAsync();
        Assert.Equal(expected, found.Records);
        foreach (var frame in found.Frames.Where(static frame => frame.Info.BodyBytes > 0))
            Assert.Equal(Body(frame.Records), await log.BodyAsync(frame.Info.BodiesAt, frame.Info.BodyBytes));

        async Task<FrameOutcome> TryAsync(Action breakIt)
        {
            // The statement is prepared on every new connection, after which its requests are as long as measured.
            for (var i = 0; i < 3; i++) Commit(log, expected);
            breakIt();
            var batch = NewBatch(expected);
            Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
            Assert.All(batch.Frames, static frame => Assert.Equal(FrameOutcome.Unknown, frame.Outcome));
            await AgainAsync(() => log.Log.SettleAsync(batch, Cancel).AsTask());
            Assert.Single(batch.Frames.Select(static frame => frame.Outcome).Distinct());
            if (batch.Frames[0].Outcome == FrameOutcome.Stored) expected.Add(Text(batch.Frames[0]));
            else Assert.Equal(FrameOutcome.Void, batch.Frames[0].Outcome);
            return batch.Frames[0].Outcome;
        }
    }

    [Theory]
    [InlineData(0.0)]
    [InlineData(0.5)]
    [InlineData(1.0)]
    public async Task A_request_that_arrives_after_its_settlement_stores_nothing(double share)
    {
        using var relay = new DatabaseRelay(Server);
        var log = await StartAsync("owner", relay: relay);
        var expected = new List<string>();
        var (requests, _) = MeasureCommit(log, relay, expected);
        // All but the last byte: the server has done everything and waits for the word to commit it.
        relay.HoldRequestAfter((long)((requests - 1) * share));
        var batch = NewBatch(expected);
        Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
        await AgainAsync(() => log.Log.SettleAsync(batch, Cancel).AsTask());
        Assert.All(batch.Frames, static frame => Assert.Equal(FrameOutcome.Void, frame.Outcome));
        relay.Release();
        await relay.LateRequestEnded.Task.WaitAsync(s_patience, Cancel);

        Assert.Equal(expected, (await log.ReadAsync()).Records);
        Commit(log, expected);
        Assert.Equal(expected, (await log.ReadAsync()).Records);
    }

    [Fact]
    public async Task A_commit_that_is_not_answered_in_time_is_settled_and_never_cancelled()
    {
        using var relay = new DatabaseRelay(Server);
        var log = await StartAsync("owner", relay: relay, change: static options => options with { CommandTimeout = TimeSpan.FromSeconds(3) });
        var expected = new List<string>();
        for (var i = 0; i < 3; i++) Commit(log, expected);
        relay.Silence();
        var batch = NewBatch(expected);
        Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
        Assert.Equal(0, relay.CancelRequests);
        await AgainAsync(() => log.Log.SettleAsync(batch, Cancel).AsTask());
        Assert.All(batch.Frames, static frame => Assert.Equal(FrameOutcome.Stored, frame.Outcome));
        expected.Add(Text(batch.Frames[0]));
        Commit(log, expected);
        Assert.Equal(expected, (await log.ReadAsync()).Records);
    }

    [Fact]
    public async Task A_commit_that_no_standby_confirmed_is_in_doubt_until_one_does()
    {
        const string Waiting = "FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND application_name = 'mailbox'";
        var log = await StartAsync("owner");
        log.Commit("before");
        Server.Execute("ALTER SYSTEM SET synchronous_standby_names = 'absent'");
        Server.Execute("SELECT pg_reload_conf()");
        // The server takes its time to read the file: others commit until one of them waits.
        using var taken = new CancellationTokenSource();
        var others = Task.Run(() => { while (!taken.IsCancellationRequested) Server.Execute("SELECT pg_logical_emit_message(true, 'test', '')"); }, Cancel);
        try
        {
            await UntilAsync("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'", 1);
            await taken.CancelAsync();
            var batch = Batch(LogDriver.FrameOf("in doubt", "body"));
            var committing = Task.Run(() => Record.Exception(() => log.Log.Commit(batch)), Cancel);
            await UntilAsync($"SELECT count(*) {Waiting}", 1);
            Server.Execute($"SELECT pg_cancel_backend(pid) {Waiting}");
            Assert.IsType<UncertainStoreException>(await committing);
            var settling = AgainAsync(() => log.Log.SettleAsync(batch, Cancel).AsTask());
            await UntilAsync($"SELECT count(*) {Waiting}", 1);
            Assert.False(settling.IsCompleted);
            ConfirmAll();
            await settling;
            Assert.Equal(FrameOutcome.Stored, batch.Frames[0].Outcome);
        }
        finally
        {
            await taken.CancelAsync();
            ConfirmAll();
            await others;
        }
        log.Commit("after");
        Assert.Equal(["before", "in doubt", "after"], (await log.ReadAsync()).Records);

        void ConfirmAll()
        {
            Server.Execute("ALTER SYSTEM RESET synchronous_standby_names");
            Server.Execute("SELECT pg_reload_conf()");
        }
    }

    [Fact]
    public async Task Doubt_about_a_frame_that_another_owner_has_trimmed_stays()
    {
        using var relay = new DatabaseRelay(Server);
        var former = await StartAsync("former", relay: relay);
        former.Commit("before");
        relay.CutAnswerAfter(0);
        var (trimmed, mine) = (LogDriver.FrameOf("in doubt"), LogDriver.FrameOf("mine", partition: 1));
        var batch = Batch(trimmed, mine);
        Assert.Throws<UncertainStoreException>(() => former.Log.Commit(batch));
        var newer = await StartAsync("newer", [0]);
        newer.WriteSnapshot(newer.Commit("newer's").Sequence, "all of it");
        await newer.FreeAsync();
        await AgainAsync(() => former.Log.SettleAsync(batch, Cancel).AsTask());
        Assert.Equal((FrameOutcome.Unknown, FrameOutcome.Stored), (trimmed.Outcome, mine.Outcome));
        var late = LogDriver.FrameOf("late");
        former.CommitBatch(Durability.Disk, late);
        Assert.Equal(FrameOutcome.Fenced, late.Outcome);
        former.Commit("mine", partition: 1);
    }

    [Fact]
    public async Task A_snapshot_that_may_be_complete_is_not_taken_back()
    {
        using var relay = new DatabaseRelay(Server);
        var former = await StartAsync("former", relay: relay);
        former.Commit("before");
        var writer = former.Log.BeginSnapshot(0);
        writer.Write("all of it"u8);
        relay.CutAnswerAfter(0);
        Assert.Throws<StoreException>(() => writer.Complete(1));
        var newer = await StartAsync("newer");
        newer.Commit("after");
        await newer.Log.FreeAsync(0, [], Cancel);
        writer.Dispose();
        var found = await newer.ReadAsync();
        Assert.Equal(["all of it"], found.Slices);
        Assert.Equal(["after"], found.Records);
    }

    [Fact]
    public async Task A_database_that_is_away_stores_nothing_and_is_used_again_when_it_is_back()
    {
        var log = await StartAsync("owner");
        log.Commit("before");
        Server.Restart();
        var batch = Batch(LogDriver.FrameOf("broken"));
        Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
        await AgainAsync(() => log.Log.SettleAsync(batch, Cancel).AsTask());
        Assert.Equal(FrameOutcome.Void, batch.Frames[0].Outcome);
        Assert.True(log.Log.IsWritable);
        log.Commit("after");
        Assert.Equal(["before", "after"], (await log.ReadAsync()).Records);
    }

    [Fact]
    public async Task Without_a_connection_nothing_is_sent_and_the_answer_needs_none()
    {
        using var relay = new DatabaseRelay(Server);
        var log = await StartAsync("owner", relay: relay);
        log.Commit("before");
        relay.Dispose();
        var batch = Batch(LogDriver.FrameOf("sent, perhaps"));
        Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
        await Assert.ThrowsAsync<StoreException>(() => log.Log.SettleAsync(batch, Cancel).AsTask());
        Assert.Throws<InvalidOperationException>(() => log.Commit("settle the first"));
        batch = Batch(LogDriver.FrameOf("not sent", partition: 1));
        Assert.Throws<UncertainStoreException>(() => log.Log.Commit(batch));
        await log.Log.SettleAsync(batch, Cancel);
        Assert.Equal(FrameOutcome.Void, batch.Frames[0].Outcome);
        Assert.True(log.Log.IsWritable);
    }

    [Theory]
    [InlineData("53100", typeof(StoreFullException), true)]
    [InlineData("40P01", typeof(UncertainStoreException), true)]
    [InlineData("57014", typeof(UncertainStoreException), true)]
    [InlineData("22000", typeof(StoreException), false)]
    public async Task What_the_database_refuses_is_not_stored(string code, Type expected, bool isWritable)
    {
        var log = await StartAsync("owner");
        log.Commit("before");
        AddTrigger("BEFORE", $"RAISE EXCEPTION 'no' USING ERRCODE = '{code}'");
        var batch = Batch(LogDriver.FrameOf("refused"));
        Assert.Equal(expected, Record.Exception(() => log.Log.Commit(batch))?.GetType());
        if (expected == typeof(UncertainStoreException))
        {
            await log.Log.SettleAsync(batch, Cancel);
            Assert.Equal(FrameOutcome.Void, batch.Frames[0].Outcome);
        }
        Assert.Equal(isWritable, log.Log.IsWritable);
        Server.Execute($"DROP TRIGGER test_trigger ON {Options.Schema}.slots");
        log.Commit("after");
        Assert.Equal(["before", "after"], (await log.ReadAsync()).Records);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task Whoever_claims_and_whatever_breaks_what_is_stored_is_what_owners_were_told(int seed)
    {
        output.WriteLine($"seed {seed}");
        var frames = new List<Frame>();
        var incarnation = (await StartAsync("first")).Log.Incarnation;
        await Task.WhenAll(Enumerable.Range(0, 3).Select(one => Task.Run(() => RunOwnerAsync(one, new(seed * 3 + one), frames), Cancel)));

        var reader = await StartAsync("reader");
        Assert.Equal(incarnation, reader.Log.Incarnation);
        for (var partition = 0; partition < 4; partition++)
        {
            // What the newest snapshot covers is trimmed.
            var found = await reader.ReadAsync(partition);
            var stored = frames.Where(frame => frame.Partition == partition && frame.Sequence >= found.Frames[0].Info.Sequence && frame.Outcome == FrameOutcome.Stored);
            var recorded = found.Frames.Where(static frame => frame.Records.Length > 0).Select(static frame => (frame.Info.Sequence, frame.Records)).ToList();
            var unknown = frames.Where(static frame => frame.Outcome == FrameOutcome.Unknown).Select(Text).ToHashSet();
            Assert.Equal(stored.Select(static frame => (frame.Sequence, Text(frame))).Order(), recorded.Where(frame => !unknown.Contains(frame.Records)));
            foreach (var frame in found.Frames.Where(static frame => frame.Info.BodyBytes > 0))
                Assert.Equal(Body(frame.Records), await reader.BodyAsync(frame.Info.BodiesAt, frame.Info.BodyBytes, partition));
        }
        output.WriteLine(string.Join(", ", frames.GroupBy(static frame => frame.Outcome).Select(static group => $"{group.Count()} {group.Key}")));
    }

    /// <summary>Claims, commits to what it believes to own, settles and trims, over connections that break now and then.</summary>
    async Task RunOwnerAsync(int number, Random random, List<Frame> all)
    {
        using var relay = new DatabaseRelay(Server);
        var log = await OpenAsync(relay);
        for (var step = 0; step < 60; step++)
        {
            if (random.Next(6) == 0)
            {
                if (random.Next(2) == 0) relay.CutRequestAfter(random.Next(2000));
                else relay.CutAnswerAfter(random.Next(400));
            }
            if (step == 0 || random.Next(10) == 0)
                await AgainAsync(() => log.ClaimAsync([.. Enumerable.Range(0, 4).Where(_ => step == 0 || random.Next(2) == 0)], $"{number}", Cancel).AsTask());
            var batch = new FrameBatch { At = LogDriver.Noon };
            for (var partition = 0; partition < 4; partition++)
            {
                if (random.Next(2) == 0) continue;
                var text = $"{number}/{step}/{partition}";
                batch.Frames.Add(LogDriver.FrameOf(text, random.Next(2) == 0 ? Body(text) : "", partition));
            }
            try
            {
                log.Commit(batch);
            }
            catch (UncertainStoreException)
            {
                if (random.Next(2) == 0) await AgainAsync(() => log.ClaimAsync([0, 1], $"{number}", Cancel).AsTask());
                await AgainAsync(() => log.SettleAsync(batch, Cancel).AsTask());
            }
            lock (all) all.AddRange(batch.Frames);
            if (random.Next(10) == 0) await TrimAsync(log, random.Next(4));
        }
        log.Dispose();
    }

    static async Task TrimAsync(ILog log, int partition)
    {
        try
        {
            using (var writer = log.BeginSnapshot(partition))
            {
                writer.Write("all of it"u8);
                writer.Complete(1);
            }
            await log.FreeAsync(partition, [], Cancel);
        }
        catch (StoreException)
        {
            // The partition has another owner, or the connection broke.
        }
    }

    /// <summary>Of two partitions, and of the same length however often it is called: below a hundred times nine.</summary>
    static FrameBatch NewBatch(List<string> expected)
    {
        var text = $"frame {expected.Count + 100}".PadRight(120, '.');
        return Batch(LogDriver.FrameOf(text, Body(text)), LogDriver.FrameOf(text, Body(text), partition: 2));
    }

    static string Body(string text) => $"body of {text}";

    static string Text(Frame frame) => System.Text.Encoding.UTF8.GetString(frame.Records.Written);

    static void Commit(LogDriver log, List<string> expected)
    {
        var batch = NewBatch(expected);
        log.Log.Commit(batch);
        Assert.All(batch.Frames, static frame => Assert.Equal(FrameOutcome.Stored, frame.Outcome));
        expected.Add(Text(batch.Frames[0]));
    }

    static (long, long) MeasureCommit(LogDriver log, DatabaseRelay relay, List<string> expected)
    {
        for (var i = 0; i < 3; i++) Commit(log, expected);
        var before = relay.Bytes;
        Commit(log, expected);
        return (relay.Bytes.Requests - before.Requests, relay.Bytes.Answers - before.Answers);
    }
}
