using System.Diagnostics;
using System.Globalization;
using Mailbox.CrashChild;
using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Journal;

public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    const int MostAnswers = 600;

    readonly TemporaryDirectory _directory = new();

    [Fact]
    public async Task A_process_that_is_killed_loses_nothing_it_has_answered()
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var memory = new MemoryStore();
        var expected = new ScriptedLoad(memory, seed);
        for (var round = 0; round < Rounds.Of(normal: 12, @long: 300); round++)
        {
            var answered = await RunAndKill(seed, random.Next(MostAnswers));
            using var store = JournalStore.Open(Options(), TimeProvider.System);
            var played = new ScriptedLoad(store, seed).Played;
            Assert.InRange(played, answered, answered + 1);
            expected.PlayTo(played);
            await StoreComparison.EqualAsync(memory, store, "group");
            expected.Refresh();
            store.Abandon();
        }
    }

    [Fact]
    public async Task What_was_handed_to_the_system_survives_a_kill_without_a_gap()
    {
        for (var round = 0; round < Rounds.Of(normal: 3, @long: 8); round++)
        {
            var answered = await RunAndKill(0, Random.Shared.Next(MostAnswers), nameof(Durability.Process));
            using var store = JournalStore.Open(Options(), TimeProvider.System);
            var stored = store.Load(Deliveries.Mailbox)!;
            Assert.InRange(stored.Marks.Tail, answered, answered + 1);
            Assert.Empty(stored.Holes);
            store.Abandon();
        }
    }

    [Fact]
    public async Task What_was_in_memory_is_lost_by_a_kill_and_its_numbers_are_never_given_again()
    {
        var before = 0L;
        for (var round = 0; round < Rounds.Of(normal: 3, @long: 8); round++)
        {
            var answered = await RunAndKill(0, Random.Shared.Next(MostAnswers), nameof(Durability.Memory));
            using var store = JournalStore.Open(Options(), TimeProvider.System);
            var stored = store.Load(Deliveries.Mailbox)!;
            Assert.InRange(answered, before + 1, stored.Marks.Tail);
            Assert.Equal([new(1, stored.Marks.Tail, GapReason.Lost)], stored.Holes);
            before = stored.Marks.Tail;
            store.Abandon();
        }
    }

    public void Dispose() => _directory.Dispose();

    JournalOptions Options() => new() { Directory = _directory.Path, ReserveBytes = 0, Notice = output.WriteLine };

    /// <returns>The number of the last batch that it told it had stored.</returns>
    async Task<int> RunAndKill(int seed, int answers, params string[] level)
    {
        var program = Path.Combine(AppContext.BaseDirectory, "Mailbox.CrashChild.dll");
        string[] arguments = [program, _directory.Path, seed.ToString(CultureInfo.InvariantCulture), .. level];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        string? last = null;
        for (var line = 0; line <= answers; line++) last = await process.StandardOutput.ReadLineAsync() ?? last;
        process.Kill();
        // What it told between the last line read and its end counts too.
        while (await process.StandardOutput.ReadLineAsync() is { } line)
            if (int.TryParse(line, CultureInfo.InvariantCulture, out _)) last = line;
        await process.WaitForExitAsync();
        return int.Parse(last!, CultureInfo.InvariantCulture);
    }
}
