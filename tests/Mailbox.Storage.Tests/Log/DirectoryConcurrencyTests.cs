using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

public sealed class DirectoryConcurrencyTests(ITestOutputHelper output) : IDisposable
{
    readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Reads_beside_compaction_find_a_body_where_the_index_has_it_or_nothing_and_never_another(int seed)
    {
        output.WriteLine($"seed {seed}");
        using var log = await LogDriver.StartAsync(DirectoryLog.Open(new() { Directory = _directory.Path, SegmentBytes = 16 << 10, ReserveBytes = 0 }));
        var places = new ulong[20];
        var index = new object();
        for (var i = 0; i < places.Length; i++) places[i] = Put(i);

        using var done = new CancellationTokenSource();
        var reading = Task.Run(
            async () =>
            {
                var (reads, missed) = (0, 0);
                for (; !done.IsCancellationRequested || reads == 0; reads++) missed += await ReadAllAsync();
                return (reads, missed);
            },
            TestContext.Current.CancellationToken);
        var random = new Random(seed);
        for (var round = 0; round < 150; round++)
        {
            for (var filler = random.Next(30); filler > 0; filler--) log.Commit("filler", new string('f', 600), Durability.Process);
            // Those of the oldest container are moved, and the container is freed.
            var oldest = places.Min(log.ContainerOf);
            for (var i = 0; i < places.Length; i++)
                if (log.ContainerOf(places[i]) == oldest)
                {
                    var moved = Put(i);
                    lock (index) places[i] = moved;
                }
            log.WriteSnapshot(log.Commit("last").Sequence, "all");
            await log.FreeAsync([.. (await log.ContainersAsync()).Select(static one => one.Container).Except(places.Select(log.ContainerOf))]);
        }
        await done.CancelAsync();
        var (all, gone) = await reading;
        output.WriteLine($"{all} reads of {places.Length} bodies, {gone} bodies asked for again");
        Assert.InRange((await log.ContainersAsync())[0].Container, 10, long.MaxValue);

        ulong Put(int i)
        {
            var address = log.Log.NextAddress(0);
            log.Commit("records", Body(i), Durability.Process);
            return address;
        }

        async Task<int> ReadAllAsync()
        {
            ulong[] asked;
            lock (index) asked = [.. places];
            var found = await log.BodiesAsync(0, [.. asked.Select(static (address, i) => new BodyRange(address, Body(i).Length))]);
            for (var i = 0; i < found.Length; i++)
                if (!found[i].IsEmpty) Assert.Equal(Body(i), System.Text.Encoding.UTF8.GetString(found[i].Span));
            // Where nothing was found the index says something else now.
            lock (index)
                for (var i = 0; i < found.Length; i++)
                    if (found[i].IsEmpty) Assert.NotEqual(asked[i], places[i]);
            return found.Count(static body => body.IsEmpty);
        }
    }

    [Fact]
    public async Task Commits_and_syncs_go_on_beside_a_snapshot_that_another_thread_writes()
    {
        var options = new JournalOptions { Directory = _directory.Path, SegmentBytes = 16 << 10, ReserveBytes = 0 };
        var committed = 0L;
        using (var log = await LogDriver.StartAsync(DirectoryLog.Open(options)))
        {
            for (var round = 0; round < 20; round++)
            {
                var writer = log.Log.BeginSnapshot(0);
                var through = committed;
                var writing = Task.Run(
                    () =>
                    {
                        using (writer)
                        {
                            for (var slice = 0; slice < 20; slice++) writer.Write(new byte[5000]);
                            writer.Complete(through);
                        }
                    },
                    TestContext.Current.CancellationToken);
                do committed = log.Commit("frame", "body", (Durability)(committed % 3)).Sequence; while (!writing.IsCompleted);
                await writing;
            }
        }
        using var again = await LogDriver.StartAsync(DirectoryLog.Open(options));
        Assert.Equal(20, again.Found[0].Slices.Count);
        Assert.Equal(committed, again.Found[0].Frames[^1].Info.Sequence);
    }

    public void Dispose() => _directory.Dispose();

    static string Body(int i) => $"{i} {new string((char)('a' + i), 150)}";
}
