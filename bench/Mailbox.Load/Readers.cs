namespace Mailbox.Load;

/// <summary>Held event streams that count what arrives, and what is missing or doubled.</summary>
sealed class Readers(LoadOptions options, Client client)
{
    const int OpeningAtOnce = 200;

    readonly TaskCompletionSource _allDelivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _delivered;
    int _missing;
    int _duplicates;

    public Latencies Latencies { get; } = new();

    public int Delivered => _delivered;

    long Expected => (long)options.Readers * options.Messages;

    /// <summary>Completes when all are open. They read until cancelled.</summary>
    public async Task OpenAsync(CancellationToken cancel)
    {
        await Parallel.ForAsync(0, options.Readers, new ParallelOptions { MaxDegreeOfParallelism = OpeningAtOnce }, async (reader, loop) =>
        {
            await client.JoinAsync(reader, loop);
            var opened = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _ = ReadAsync(reader, opened, cancel);
            await opened.Task;
        });
    }

    public Task AllDeliveredAsync() => _allDelivered.Task.WaitAsync(options.Timeout, TimeProvider.System);

    public void Report(Dictionary<string, object> report)
    {
        report["delivered"] = _delivered;
        report["missing"] = _missing;
        report["duplicates"] = _duplicates;
        Latencies.Report(report, "e2e");
    }

    async Task ReadAsync(int reader, TaskCompletionSource opened, CancellationToken cancel)
    {
        var next = 0;
        try
        {
            await foreach (var body in client.ReadAsync(reader, "", () => opened.TrySetResult(), cancel)) Count(body, ref next);
        }
        catch (OperationCanceledException)
        {
        }
        catch (HttpRequestException fault)
        {
            opened.TrySetException(fault);
        }
    }

    void Count(string body, ref int next)
    {
        var (age, number) = Payload.Read(body);
        Latencies.Add(age);
        if (number < next) Interlocked.Increment(ref _duplicates);
        else Interlocked.Add(ref _missing, number - next);
        next = Math.Max(next, number + 1);
        if (Interlocked.Increment(ref _delivered) == Expected) _allDelivered.TrySetResult();
    }
}
