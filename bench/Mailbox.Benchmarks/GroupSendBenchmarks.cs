using BenchmarkDotNet.Attributes;
using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Benchmarks;

/// <summary>One send to the mailboxes of a group, nobody connected, until it is stored for all of them.</summary>
[MemoryDiagnoser]
public class GroupSendBenchmarks
{
    static readonly GroupName s_group = GroupName.Parse("all");
    readonly DataDirectory _data = new();
    MailboxEngine _engine = null!;

    [Params(10_000)]
    public int Members { get; set; }

    [Params(false, true)]
    public bool OnDisk { get; set; }

    [GlobalSetup]
    public async Task Start()
    {
        ILog log = OnDisk ? _data.OpenLog() : new MemoryLog { Keeps = Durability.Disk };
        // Few are kept, so that the benchmark's memory does not grow with its length.
        _engine = await MailboxEngine.StartAsync(log, new() { MaxMessages = 20 }, TimeProvider.System);
        foreach (var names in Letters.Names(Members).Chunk(10_000)) await _engine.ChangeMembersAsync(s_group, names, []);
    }

    [GlobalCleanup]
    public async Task Stop()
    {
        await _engine.DisposeAsync();
        _data.Dispose();
    }

    [Benchmark]
    public ValueTask<SendResult> Send() => _engine.SendAsync(s_group, Letters.Draft);
}
