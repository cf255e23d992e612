using BenchmarkDotNet.Attributes;
using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Benchmarks;

/// <summary>Stations 1 to 3 in memory: what the engine itself costs.</summary>
[MemoryDiagnoser]
public class EngineBenchmarks
{
    const int Mailboxes = 1000;

    static readonly MailboxName[] s_names = Letters.Names(Mailboxes);
    readonly Task[] _pending = new Task[Mailboxes];
    MailboxEngine _engine = null!;

    [GlobalSetup]
    public async Task Start() =>
        _engine = await MailboxEngine.StartAsync(new MemoryLog { Keeps = Durability.Disk }, new() { MaxMessages = 100 }, TimeProvider.System);

    [GlobalCleanup]
    public ValueTask Stop() => _engine.DisposeAsync();

    /// <summary>One caller that waits for each answer.</summary>
    [Benchmark]
    public ValueTask<DeliverResult> Deliver_one() => _engine.DeliverAsync(s_names[0], Letters.Draft);

    /// <summary>A thousand callers at once.</summary>
    [Benchmark(OperationsPerInvoke = Mailboxes)]
    public Task Deliver_1000_at_once()
    {
        for (var i = 0; i < Mailboxes; i++) _pending[i] = _engine.DeliverAsync(s_names[i], Letters.Draft).AsTask();
        return Task.WhenAll(_pending);
    }
}
