using BenchmarkDotNet.Attributes;
using Mailbox.Storage;

namespace Mailbox.Benchmarks;

/// <summary>Station 3: one batch in the journal, synced, each message for a mailbox of its own. The disk of the temporary directory decides.</summary>
[MemoryDiagnoser]
public class JournalBenchmarks
{
    const int Mailboxes = 1000;

    readonly DataDirectory _data = new();
    readonly CommitBatch _batch = new();
    readonly MailboxHandle[] _handles = new MailboxHandle[Mailboxes];
    readonly long[] _sequences = new long[Mailboxes];
    IMailboxStore _store = null!;

    [Params(1, 16, 1000)]
    public int Messages { get; set; }

    [GlobalSetup]
    public void Start()
    {
        _store = _data.OpenJournal();
        Begin();
        var names = Letters.Names(Mailboxes);
        for (var i = 0; i < Mailboxes; i++)
            _batch.Records.Add(new MailboxMade(_handles[i] = new(names[i], _store.NewEpoch()), MailboxOptions.Default, long.MaxValue));
        _store.Commit(_batch);
    }

    [GlobalCleanup]
    public void Stop()
    {
        _store.Dispose();
        _data.Dispose();
    }

    /// <summary>What was stored before is acknowledged with it, so that the index does not grow with the benchmark's length.</summary>
    [Benchmark]
    public void Commit()
    {
        Begin();
        var message = Letters.Message(_batch.At);
        for (var i = 0; i < Messages; i++)
        {
            _batch.Records.Add(new Acknowledged(_handles[i], _sequences[i], _sequences[i]));
            _batch.Records.Add(new MessageAppended(message, [new(_handles[i], ++_sequences[i])], 1));
        }
        _store.Commit(_batch);
    }

    void Begin()
    {
        _batch.Clear();
        _batch.At = TimeProvider.System.GetUtcNow();
        _batch.Durability = Durability.Disk;
    }
}
