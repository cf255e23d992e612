using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>
/// What every log keeps to, whatever its medium (<see cref="ILog"/>). The subclass gives the medium; what is opened a second time must hold
/// what the first left. Containers should be small, or filling some takes long.
/// </summary>
public abstract class LogContract(ITestOutputHelper output)
{
    public static TheoryData<int> Seeds => [.. Enumerable.Range(1, Rounds.Of(normal: 6, @long: 200)), Random.Shared.Next()];

    protected ITestOutputHelper Output => output;

    /// <summary>Opens the medium of this test. The former log on it is closed, unless the medium can be opened twice.</summary>
    internal abstract ValueTask<ILog> OpenAsync();

    [Fact]
    public async Task A_new_log_holds_no_records()
    {
        using var log = await StartAsync();
        var recording = await log.ReadAsync();
        Assert.Equal(1, recording.Begins);
        Assert.Null(recording.Through);
        Assert.Empty(recording.Records);
        Assert.Empty(recording.Slices);
        Assert.All(await log.ContainersAsync(), static container => Assert.Equal(0, container.Bytes));
        Assert.True(log.Log.IsWritable);
    }

    [Fact]
    public async Task Frames_are_read_in_order_with_number_time_and_place()
    {
        var committed = new List<RecordedFrame>();
        using (var log = await StartAsync())
        {
            for (var i = 0; i < 30; i++)
            {
                var (at, address) = (LogDriver.Noon.AddMilliseconds(i), log.Log.NextAddress(0));
                var frame = LogDriver.FrameOf($"records {i}", i % 3 == 0 ? "" : new string('b', i * 50));
                log.CommitBatch(at, (Durability)(i % 3), frame);
                Assert.Equal(FrameOutcome.Stored, frame.Outcome);
                committed.Add(new(new(frame.Sequence, at, address, frame.Bodies.Length), $"records {i}"));
            }
            Check(committed, await log.ReadAsync());
        }
        using var again = await StartAsync();
        Check(committed, again.Found[0]);
        var next = again.Commit("next");
        Assert.Equal(next.Sequence, (await again.ReadAsync()).Frames[^1].Info.Sequence);
    }

    [Fact]
    public async Task A_batch_has_a_frame_in_each_partition_that_it_changes()
    {
        using var log = await StartAsync();
        var partitions = Enumerable.Range(0, Math.Min(3, log.Log.Partitions)).ToArray();
        for (var round = 0; round < 3; round++)
        {
            var frames = partitions.Select(partition => LogDriver.FrameOf($"{partition}", $"body {partition} {round}", partition)).ToArray();
            var addresses = partitions.Select(log.Log.NextAddress).ToArray();
            log.CommitBatch(Durability.Disk, frames);
            foreach (var partition in partitions)
            {
                Assert.Equal(FrameOutcome.Stored, frames[partition].Outcome);
                Assert.Equal($"body {partition} {round}", await log.BodyAsync(addresses[partition], frames[partition].Bodies.Length, partition));
                Assert.Equal(Enumerable.Repeat($"{partition}", round + 1), (await log.ReadAsync(partition)).Records);
            }
        }
    }

    [Fact]
    public async Task A_batch_without_frames_stores_nothing_and_a_frame_without_records_has_its_number()
    {
        using var log = await StartAsync();
        var before = log.Commit("before").Sequence;
        log.CommitBatch(Durability.Disk);
        Assert.Equal(before + 1, log.Commit("").Sequence);
        Assert.Equal(before + 2, log.Commit("after").Sequence);
        Assert.Equal(["before", "after"], (await log.ReadAsync()).Records);
    }

    [Theory]
    [InlineData(Durability.Memory)]
    [InlineData(Durability.Process)]
    [InlineData(Durability.Disk)]
    public async Task What_was_committed_is_there_when_the_log_is_opened_again(Durability level)
    {
        ulong address;
        using (var log = await StartAsync())
        {
            log.Commit("one", level: level);
            address = log.Log.NextAddress(0);
            log.Commit("two", "body", level);
            if (level != Durability.Disk) log.Log.Sync();
        }
        using var again = await StartAsync();
        Assert.Equal(["one", "two"], again.Found[0].Records);
        Assert.Equal("body", await again.BodyAsync(address, 4));
    }

    [Fact]
    public async Task What_a_log_is_stays_when_it_is_opened_again()
    {
        (int, uint, int, Durability) first;
        using (var log = await StartAsync()) first = (log.Log.Partitions, log.Log.Incarnation, log.Log.ContainerBits, log.Log.Keeps);
        using var again = await StartAsync();
        Assert.Equal(first, (again.Log.Partitions, again.Log.Incarnation, again.Log.ContainerBits, again.Log.Keeps));
        Assert.InRange(first.Item2, 1u, (1u << 24) - 1);
    }

    [Fact]
    public async Task Reading_on_from_where_a_reading_ended_tells_only_what_is_new()
    {
        using var log = await StartAsync();
        log.Commit("old");
        var recording = new LogRecording();
        var end = await log.ReadAsync(null, recording);
        Assert.Equal(["old"], recording.Records);
        Assert.Equal(1, recording.Begins);

        log.Commit("new");
        recording = new();
        var next = await log.ReadAsync(end, recording);
        Assert.Equal(["new"], recording.Records);
        Assert.Equal(0, recording.Begins);
        Assert.Equal(end.Sequence + 1, next.Sequence);

        recording = new();
        Assert.Equal(next, await log.ReadAsync(next, recording));
        Assert.Empty(recording.Frames);
    }

    [Fact]
    public async Task The_next_address_is_where_the_bodies_of_the_next_frame_lie_however_large_they_are()
    {
        using var log = await StartAsync();
        var places = new List<(ulong Address, string Body)>();
        foreach (var length in new[] { 1, 5000, 0, 17, 300_000, 1, 0, 0, 4096, 63, 2_000_000, 9 })
        {
            var (address, body) = (log.Log.NextAddress(0), new string((char)('a' + places.Count), length));
            Assert.Equal(address, log.Log.NextAddress(0));
            log.Commit("frame", body);
            if (length > 0) places.Add((address, body));
        }
        foreach (var (address, body) in places)
        {
            Assert.InRange(address, 0UL, (1UL << 58) - 1);
            Assert.Equal(body, await log.BodyAsync(address, body.Length));
            Assert.Equal(body[^1..], await log.BodyAsync(address + (uint)body.Length - 1, 1));
        }
    }

    [Fact]
    public async Task Bodies_are_read_from_any_place_and_many_at_once()
    {
        using var log = await StartAsync();
        var ranges = new List<BodyRange>();
        var expected = new List<string>();
        for (var frame = 0; frame < 40; frame++)
        {
            var address = log.Log.NextAddress(0);
            var bodies = string.Concat(Enumerable.Range(0, 5).Select(i => $"<body {frame}/{i}>".PadRight(20 * (frame + 1), '.')));
            log.Commit("records that lie between", bodies, Durability.Process);
            for (var i = 0; i < 5; i++)
            {
                ranges.Add(new(address + (uint)(i * 20 * (frame + 1)), 20 * (frame + 1)));
                expected.Add(bodies.Substring(i * 20 * (frame + 1), 20 * (frame + 1)));
            }
        }
        Check(expected, await log.BodiesAsync(0, [.. ranges]));
        ranges.Reverse();
        expected.Reverse();
        Check(expected, await log.BodiesAsync(0, [.. ranges]));
        var some = Enumerable.Range(0, 60).Select(i => i * 7 % ranges.Count).ToArray();
        Check([.. some.Select(i => expected[i])], await log.BodiesAsync(0, [.. some.Select(i => ranges[i])]));
    }

    [Fact]
    public async Task More_may_be_asked_for_than_is_there_and_where_nothing_is_nothing_is_found()
    {
        using var log = await StartAsync();
        var address = log.Log.NextAddress(0);
        log.Commit("records", "the body");
        var nowhere = (ulong)(log.ContainerOf(address) + 1000) << log.Log.ContainerBits;
        var found = await log.BodiesAsync(0, new(address + 4, 5000), new(nowhere, 10), new(address, 3));
        Assert.True(found[0].Span.StartsWith("body"u8));
        Assert.InRange(found[0].Length, 4, 5000);
        Assert.True(found[1].IsEmpty);
        Assert.True(found[2].Span.SequenceEqual("the"u8));
        Assert.Empty(await log.BodiesAsync(0));
        // Nor is anything where the next frame's bodies will lie.
        Assert.Null(await log.BodyAsync(log.Log.NextAddress(0), 10));
    }

    [Fact]
    public async Task A_snapshot_is_read_as_it_was_written_and_the_frames_behind_it()
    {
        var large = new string('s', 400_000);
        using (var log = await StartAsync())
        {
            log.Commit("before");
            var last = log.Commit("last before");
            log.WriteSnapshot(last.Sequence, "first", large, "third");
            log.Commit("after");
            Check(await log.ReadAsync(), last.Sequence);
        }
        using var again = await StartAsync();
        Check(again.Found[0], again.Found[0].Through!.Value);

        void Check(LogRecording found, long through)
        {
            Assert.Equal(["first", large, "third"], found.Slices);
            Assert.Equal(through, found.Through);
            Assert.Equal(["after"], found.Records);
            Assert.Equal(through + 1, found.Frames[0].Info.Sequence);
        }
    }

    [Fact]
    public async Task A_snapshot_begins_where_it_was_begun_however_many_commits_come_between_its_slices()
    {
        using (var log = await StartAsync())
        {
            log.Commit("before");
            using (var writer = log.Log.BeginSnapshot(0))
            {
                Assert.Equal(0, writer.Length);
                writer.Write("one"u8);
                log.Commit("meanwhile 1", "body");
                writer.Write("two "u8);
                var through = log.Commit("meanwhile 2", level: Durability.Process).Sequence;
                Assert.Equal(7, writer.Length);
                writer.Complete(through);
            }
            log.Commit("after");
        }
        using var again = await StartAsync();
        Assert.Equal(["one", "two "], again.Found[0].Slices);
        Assert.Equal(["meanwhile 1", "meanwhile 2", "after"], again.Found[0].Records);
        Assert.Equal(again.Found[0].Frames[1].Info.Sequence, again.Found[0].Through);
    }

    [Fact]
    public async Task The_newest_complete_snapshot_counts()
    {
        using (var log = await StartAsync())
        {
            log.WriteSnapshot(log.Commit("1").Sequence, "old");
            log.WriteSnapshot(log.Commit("2").Sequence, "new", "er");
            log.Commit("3");
        }
        using var again = await StartAsync();
        Assert.Equal(["new", "er"], again.Found[0].Slices);
        Assert.Equal(["3"], again.Found[0].Records);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_snapshot_that_is_abandoned_leaves_nothing(bool isSecond)
    {
        using (var log = await StartAsync())
        {
            if (isSecond) log.WriteSnapshot(log.Commit("0").Sequence, "first");
            log.Commit("1");
            using (var writer = log.Log.BeginSnapshot(0)) writer.Write("unfinished"u8);
            log.Commit("2");
            Check(await log.ReadAsync());
        }
        using var again = await StartAsync();
        Check(again.Found[0]);
        again.WriteSnapshot(again.Commit("3").Sequence, "whole");
        Assert.Equal(["whole"], (await again.ReadAsync()).Slices);

        void Check(LogRecording found)
        {
            Assert.Equal(isSecond ? ["first"] : [], found.Slices);
            Assert.Equal(["1", "2"], found.Records);
        }
    }

    [Fact]
    public async Task What_is_freed_is_gone_and_nothing_else()
    {
        ulong dead, kept;
        using (var log = await StartAsync())
        {
            dead = log.Log.NextAddress(0);
            log.Commit("dead", "dead body");
            log.FillContainer();
            kept = log.Log.NextAddress(0);
            log.Commit("kept", "kept body");
            log.FillContainer();
            log.WriteSnapshot(log.Commit("newest", "newest body").Sequence, "all of it");
            log.Commit("behind");
            var before = await log.ContainersAsync();
            foreach (var body in new[] { dead, kept }) Assert.Contains(log.ContainerOf(body), before.Select(static container => container.Container));
            Assert.All(before, static container => Assert.InRange(container.Bytes, 1, long.MaxValue));

            await log.FreeAllAsync(except: log.ContainerOf(kept));
            await CheckAsync(log, await log.ReadAsync());
        }
        using var again = await StartAsync();
        await CheckAsync(again, again.Found[0]);

        async Task CheckAsync(LogDriver log, LogRecording found)
        {
            Assert.Equal(["all of it"], found.Slices);
            Assert.Equal(["behind"], found.Records);
            Assert.DoesNotContain(await log.ContainersAsync(), container => container.Container == log.ContainerOf(dead));
            Assert.Null(await log.BodyAsync(dead, 9));
            Assert.Equal("kept body", await log.BodyAsync(kept, 9));
            var later = log.Log.NextAddress(0);
            log.Commit("later", "later body");
            Assert.Equal("later body", await log.BodyAsync(later, 10));
            log.WriteSnapshot(log.Commit("again").Sequence, "all of it");
            log.Commit("behind");
        }
    }

    [Fact]
    public async Task Frames_that_no_snapshot_covers_stay_whatever_is_freed()
    {
        using (var log = await StartAsync())
        {
            log.Commit("first", "body");
            log.FillContainer();
            log.Commit("last", "body");
            await log.FreeAllAsync();
        }
        using var again = await StartAsync();
        Assert.Equal("first", again.Found[0].Records.First());
        Assert.Equal("last", again.Found[0].Records.Last());
    }

    [Fact]
    public async Task Owners_are_named_until_they_release()
    {
        using var log = await StartAsync();
        Assert.Equal(Enumerable.Repeat("owner", log.Log.Partitions), (await log.OwnersAsync()).Select(static owner => owner.Owner));
        var claim = (await log.OwnersAsync())[0].Claim;
        Assert.InRange(claim, 1, long.MaxValue);
        log.Commit("mine");
        await log.ReleaseAsync(0);
        var released = (await log.OwnersAsync())[0];
        Assert.Equal((0, null), (released.Partition, released.Owner));
    }

    [Fact]
    public async Task Bodies_are_read_from_any_thread_beside_commits_snapshots_and_freeing()
    {
        using var log = await StartAsync();
        var kept = log.Log.NextAddress(0);
        log.Commit("kept", "kept body");
        log.FillContainer();
        using var done = new CancellationTokenSource();
        var reading = Task.Run(
            async () =>
            {
                var reads = 0;
                for (; !done.IsCancellationRequested || reads == 0; reads++) Assert.Equal("kept body", await log.BodyAsync(kept, 9));
                return reads;
            },
            TestContext.Current.CancellationToken);
        for (var round = 0; round < 3; round++)
        {
            log.FillContainer();
            log.WriteSnapshot(log.Commit("round").Sequence, "all");
            await log.FreeAllAsync(except: log.ContainerOf(kept));
        }
        await done.CancelAsync();
        output.WriteLine($"{await reading} reads");
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task A_state_that_is_replayed_is_the_one_that_was_committed(int seed)
    {
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var log = await StartAsync();
        var program = new PartitionProgram(log.Log, seed);
        for (var step = 0; step < 400; step++)
        {
            switch (random.Next(40))
            {
                case 0: program.WriteSnapshot(random.Next(1, 20), commitsBetween: random.Next(4)); break;
                case 1: program.AbandonSnapshot(); break;
                case 2: program.Compact(); break;
                case 3: await program.FreeAsync(); break;
                case 4: await program.CheckAsync(log.Log); break;
                case 5 when random.Next(3) == 0:
                    log.Log.Sync();
                    log.Dispose();
                    log = await StartAsync();
                    await program.GoOnAsync(log.Log);
                    await program.CheckAsync(log.Log);
                    break;
                default: program.Commit((Durability)random.Next(3)); break;
            }
        }
        await program.CheckAsync(log.Log);
        log.Dispose();
    }

    [Fact]
    public async Task Mailboxes_stored_as_held_count_as_disconnected_from_the_time_of_the_next_owner()
    {
        var (held, free) = (default(Slot<Location>)!, default(Slot<Location>)!);
        using (var log = await StartAsync())
        {
            var program = new PartitionProgram(log.Log, seed: 1);
            program.Plan(
                new MailboxMadeRecord(held = program.New("held"), 5),
                new MailboxMadeRecord(free = program.New("free"), 7),
                new DeadlineMovedRecord(held, 6, IsHeld: true));
            program.CommitPlanned(Durability.Disk);
        }
        using var again = await StartAsync();
        var replay = await PartitionProgram.ReplayAsync(again.Log);
        var start = LogDriver.Noon.AddDays(3);
        Assert.False(replay.Settle(start, hasLostPower: false));
        var due = (start + MailboxOptions.Default.Idle).ToUnixTimeMilliseconds();
        Assert.Equal((due, false), Marks(replay, held));
        Assert.Equal((7, false), Marks(replay, free));

        static (long, bool) Marks(Replay replay, Slot<Location> of)
        {
            var marks = replay.State.Tables.Find(of.Name)!.State.Marks;
            return (marks.Deadline, marks.Held);
        }
    }

    private protected async Task<LogDriver> StartAsync(string owner = "owner") => await LogDriver.StartAsync(await OpenAsync(), owner);

    static void Check(List<RecordedFrame> committed, LogRecording found) =>
        Assert.Equal(committed, found.Frames.Where(static frame => frame.Records.Length > 0));

    static void Check(List<string> expected, ReadOnlyMemory<byte>[] found) =>
        Assert.Equal(expected, found.Select(static body => System.Text.Encoding.UTF8.GetString(body.Span)));
}

/// <summary>What a log keeps to whose medium several processes can open at once: the newest claim alone may write.</summary>
public abstract class SharedLogContract(ITestOutputHelper output) : LogContract(output)
{
    [Fact]
    public async Task After_a_claim_the_former_owner_stores_nothing()
    {
        using var former = await StartAsync("former");
        former.Commit("former's");
        using var newer = await StartAsync("newer");
        Assert.Equal(["former's"], newer.Found[0].Records);

        for (var round = 0; round < 2; round++)
        {
            var late = LogDriver.FrameOf("late", "late body");
            former.CommitBatch(Durability.Disk, late);
            Assert.Equal(FrameOutcome.Fenced, late.Outcome);
            newer.Commit("newer's");
        }
        Assert.Equal(["former's", "newer's", "newer's"], (await newer.ReadAsync()).Records);
        Assert.Equal(["former's", "newer's", "newer's"], (await former.ReadAsync()).Records);
    }

    [Fact]
    public async Task A_claim_fences_its_partitions_and_no_others()
    {
        using var former = await StartAsync("former");
        Assert.InRange(former.Log.Partitions, 2, int.MaxValue);
        using var newer = new LogDriver(await OpenAsync());
        var end = await newer.ClaimAsync(1, "newer");
        var (mine, taken) = (LogDriver.FrameOf("mine", partition: 0), LogDriver.FrameOf("taken", partition: 1));
        former.CommitBatch(Durability.Disk, mine, taken);
        Assert.Equal((FrameOutcome.Stored, FrameOutcome.Fenced), (mine.Outcome, taken.Outcome));
        Assert.Equal(["mine"], (await former.ReadAsync(0)).Records);
        Assert.Empty((await former.ReadAsync(1)).Records);
        Assert.Equal(end.Sequence, (await former.ReadAsync(1)).Frames[^1].Info.Sequence);
        Assert.Equal(["former", "newer"], (await former.OwnersAsync()).Take(2).Select(static owner => owner.Owner));
    }

    [Fact]
    public async Task What_the_former_owner_commits_between_a_reading_and_the_claim_is_read_after_the_claim()
    {
        using var former = await StartAsync("former");
        former.Commit("1");
        using var newer = new LogDriver(await OpenAsync());
        var recording = new LogRecording();
        var end = await newer.ReadAsync(null, recording);
        former.Commit("2", "body");
        var claimed = await newer.ClaimAsync(0, "newer");
        Assert.Equal(claimed, await newer.ReadAsync(end, recording));
        Assert.Equal(["1", "2"], recording.Records);
        var before = newer.Log.NextAddress(0);
        Assert.Equal(claimed.Sequence + 1, newer.Commit("3", "mine").Sequence);
        Assert.Equal("mine", await former.BodyAsync(before, 4));
    }

    [Fact]
    public async Task A_reading_that_the_owner_has_overtaken_with_a_snapshot_begins_again()
    {
        using var owner = await StartAsync("owner");
        owner.Commit("1");
        using var other = new LogDriver(await OpenAsync());
        var recording = new LogRecording();
        var end = await other.ReadAsync(null, recording);
        owner.Commit("2");
        owner.WriteSnapshot(owner.Commit("3").Sequence, "all of it");
        owner.Commit("4");
        await owner.FreeAsync();
        var next = await other.ReadAsync(end, recording);
        Assert.Equal(2, recording.Begins);
        Assert.Equal(["all of it"], recording.Slices);
        Assert.Equal(["4"], recording.Records);
        Assert.Equal(recording.Frames[^1].Info.Sequence, next.Sequence);
    }

    [Fact]
    public async Task Partitions_that_were_released_can_be_claimed_and_are_the_former_owners_no_longer()
    {
        using var former = await StartAsync("former");
        former.Commit("former's");
        await former.ReleaseAsync(0);
        using var newer = await StartAsync("newer");
        newer.Commit("newer's");
        Assert.Equal("newer", (await former.OwnersAsync())[0].Owner);
        var late = LogDriver.FrameOf("late");
        former.CommitBatch(Durability.Disk, late);
        Assert.Equal(FrameOutcome.Fenced, late.Outcome);
        Assert.Equal(["former's", "newer's"], (await newer.ReadAsync()).Records);
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public async Task However_often_the_owner_changes_no_frame_is_lost_and_none_of_a_former_owner_is_stored(int seed)
    {
        Output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var expected = new List<string>();
        var owners = new List<LogDriver>();
        for (var step = 0; step < 60; step++)
        {
            if (owners.Count == 0 || random.Next(8) == 0) owners.Add(await StartAsync($"owner {owners.Count}"));
            var by = random.Next(4) == 0 ? random.Next(owners.Count) : owners.Count - 1;
            var frame = LogDriver.FrameOf($"{by}/{step}", $"body {step}");
            owners[by].CommitBatch((Durability)random.Next(3), frame);
            Assert.Equal(by == owners.Count - 1 ? FrameOutcome.Stored : FrameOutcome.Fenced, frame.Outcome);
            if (frame.Outcome == FrameOutcome.Stored) expected.Add($"{by}/{step}");
        }
        Assert.Equal(expected, (await owners[0].ReadAsync()).Records);
        foreach (var owner in owners) owner.Dispose();
    }
}
