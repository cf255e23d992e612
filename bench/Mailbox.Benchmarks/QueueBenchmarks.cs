using BenchmarkDotNet.Attributes;
using Mailbox.Storage;

namespace Mailbox.Benchmarks;

/// <summary>Station 2: a mailbox's queue by itself.</summary>
[MemoryDiagnoser]
public class QueueBenchmarks
{
    const int Waiting = 64;

    readonly Message _message = Letters.Message(TimeProvider.System.GetUtcNow());
    MailboxState<Message?> _state = new(MailboxOptions.Default);

    /// <summary>A letter that is read before the next comes.</summary>
    [Benchmark]
    public void Append_and_trim_one() => _state.Trim(Append());

    /// <summary>64 letters that are acknowledged together.</summary>
    [Benchmark(OperationsPerInvoke = Waiting)]
    public void Append_and_trim_64()
    {
        for (var i = 1; i < Waiting; i++) Append();
        _state.Trim(Append());
    }

    long Append()
    {
        var sequence = _state.Marks.Tail + 1;
        _state.Append(new(sequence, _message.Body.Length, uint.MaxValue, _message), null);
        return sequence;
    }
}
