using System.Diagnostics;
using System.Globalization;
using Mailbox.CrashChild;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>A process is killed at random moments, and each next one goes on with what is in the directory.</summary>
public sealed class CrashTests(ITestOutputHelper output) : IDisposable
{
    const int MostAnswers = 600;

    readonly TemporaryDirectory _directory = new();

    [Theory]
    [InlineData(Durability.Memory)]
    [InlineData(Durability.Process)]
    [InlineData(Durability.Disk)]
    public async Task A_process_that_is_killed_loses_nothing_it_has_answered(Durability level)
    {
        var seed = Random.Shared.Next();
        output.WriteLine($"seed {seed}");
        var random = new Random(seed);
        var ledger = new CrashLedger(keeps: level > Durability.Memory);
        for (var round = 0; round < Rounds.Of(normal: 10, @long: 150); round++)
        {
            await RunAndKillAsync(level, random.Next(), random.Next(MostAnswers), ledger);
            // A copy is looked at, so that the next process begins where this one was killed.
            using var copy = new TemporaryDirectory();
            foreach (var file in Directory.GetFiles(_directory.Path)) File.Copy(file, copy[Path.GetFileName(file)]);
            await CheckAsync(copy.Path, ledger);
        }
        await CheckAsync(_directory.Path, ledger);
        await CheckAsync(_directory.Path, ledger);
        output.WriteLine($"{ledger.Answers} answers, {Directory.GetFiles(_directory.Path).Length} files");
        // What memory has takes no room.
        Assert.True(level == Durability.Memory || !File.Exists(_directory["00000001.segment"]), "The first segment was never freed.");
    }

    public void Dispose() => _directory.Dispose();

    async Task CheckAsync(string directory, CrashLedger ledger)
    {
        var faults = new List<Exception>();
        var engine = await Load.StartAsync(directory, output.WriteLine);
        engine.Faulted += faults.Add;
        await using (engine) await ledger.CheckAsync(engine);
        Assert.Empty(faults);
    }

    async Task RunAndKillAsync(Durability level, int seed, int answers, CrashLedger ledger)
    {
        string[] arguments = [Path.Combine(AppContext.BaseDirectory, "Mailbox.CrashChild.dll"), _directory.Path, $"{level}", seed.ToString(CultureInfo.InvariantCulture)];
        using var process = Process.Start(new ProcessStartInfo("dotnet", arguments) { RedirectStandardOutput = true })!;
        for (var end = ledger.Answers + answers; ledger.Answers < end;)
        {
            var line = await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken);
            Assert.True(line is not null, "The process ended by itself.");
            ledger.Note(line);
        }
        process.Kill();
        // What it told between the last line read and its end counts too.
        while (await process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line) ledger.Note(line);
        await process.WaitForExitAsync(TestContext.Current.CancellationToken);
    }
}
