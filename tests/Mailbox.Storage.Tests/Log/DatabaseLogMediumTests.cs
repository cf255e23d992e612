using Mailbox.Storage.PostgreSql;
using Mailbox.Storage.Tests.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>What a log in a database has of its own.</summary>
[Collection(PostgresGroup.Name)]
public sealed class DatabaseLogMediumTests(PostgresServer server) : DatabaseLogTest(server)
{
    [Fact]
    public async Task A_commit_of_all_partitions_is_one_round_trip()
    {
        using var relay = new DatabaseRelay(Server);
        var log = await StartAsync("owner", relay: relay, change: static options => options with { Partitions = 64 });
        CommitAll();
        var before = relay.RoundTrips;
        for (var i = 0; i < 10; i++) CommitAll();
        Assert.Equal(before + 10, relay.RoundTrips);

        void CommitAll() => log.CommitBatch(Durability.Disk, [.. Enumerable.Range(0, 64).Select(static partition => LogDriver.FrameOf("records", partition % 2 == 0 ? "body" : "", partition))]);
    }

    [Fact]
    public async Task A_reading_is_of_one_moment_although_the_owner_trims_meanwhile()
    {
        var owner = await StartAsync("owner");
        for (var i = 0; i < 300; i++) owner.Commit($"{i}".PadRight(1000));
        using var reader = await OpenAsync();
        var recording = new LogRecording();
        var isTrimmed = false;
        await reader.ReadAsync(0, null, new Hook(recording, () =>
        {
            if (isTrimmed) return;
            isTrimmed = true;
            owner.WriteSnapshot(owner.Commit("last").Sequence, "all of it");
            owner.Log.FreeAsync(0, [], Cancel).AsTask().GetAwaiter().GetResult();
            Assert.Equal(1, Ask("SELECT count(*) FROM slots WHERE partition = 0"));
        }), Cancel);
        Assert.Equal(300, recording.Records.Count());
        Assert.Equal(1, recording.Begins);
    }

    [Fact]
    public async Task The_time_is_the_databases_and_never_goes_back()
    {
        var log = await StartAsync("owner");
        var before = Ask("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint");
        log.Commit("records");
        var first = ((DatabaseLog)log.Log).StoreTime;
        Assert.InRange(first.ToUnixTimeMilliseconds() * 1000, before - 1000, before + 60_000_000);
        log.Commit("records");
        Assert.InRange(((DatabaseLog)log.Log).StoreTime, first, first.AddMinutes(1));
    }

    [Fact]
    public async Task A_frame_has_less_than_16_MiB_of_bodies()
    {
        var log = await StartAsync("owner");
        var body = new string('b', (1 << 24) - 1);
        var address = log.Log.NextAddress(0);
        log.Commit("largest", body);
        Assert.Equal(body, await log.BodyAsync(address, body.Length));
        Assert.Equal("bbb", await log.BodyAsync(address + (1 << 23), 3));
        Assert.NotEqual(log.ContainerOf(address), log.ContainerOf(log.Log.NextAddress(0)));
        var frame = LogDriver.FrameOf("too large", body + "b");
        Assert.Throws<ArgumentException>(() => log.CommitBatch(Durability.Disk, frame));
    }

    [Fact]
    public async Task The_schema_of_the_next_version_is_served_and_that_of_a_later_one_refused()
    {
        using (var log = await StartAsync("owner")) log.Commit("before");
        Run("INSERT INTO schema_version VALUES (2)");
        using (var log = await StartAsync("owner")) Assert.Equal(["before"], log.Found[0].Records);
        Run("INSERT INTO schema_version VALUES (3)");
        Assert.Throws<StoreException>(() => DatabaseLog.Open(Options, TimeProvider.System));
    }

    /// <summary>Does something when the first frame has been read.</summary>
    sealed class Hook(LogRecording recording, Action then) : ILogReader
    {
        public void Begin() => recording.Begin();

        public void Slice(ReadOnlySpan<byte> slice) => recording.Slice(slice);

        public void SnapshotEnds(long through) => recording.SnapshotEnds(through);

        public void Frame(in FrameInfo frame, ReadOnlySpan<byte> records)
        {
            recording.Frame(frame, records);
            then();
        }
    }
}
