using Mailbox.Grains;

namespace Mailbox.GridLoad;

/// <summary>Callers that each deliver as soon as they are answered; what happens in the first two seconds does not count.</summary>
sealed class DeliveryRun(MailboxGridClient grid, LoadOptions options) : IDisposable
{
    static readonly TimeSpan s_warmUp = TimeSpan.FromSeconds(2);

    readonly MailboxName[] _names = [.. Enumerable.Range(0, options.Mailboxes).Select(static i => MailboxName.Parse($"load-{i}"))];
    readonly MessageDraft _draft = new() { Body = new byte[options.Bytes] };
    readonly CancellationTokenSource _end = new();
    long _stored;
    long _failed;

    public async Task<object> RunAsync()
    {
        var callers = Enumerable.Range(0, options.Callers).Select(n => Task.Run(() => CallAsync(new(n)))).ToArray();
        await Task.Delay(s_warmUp, TimeProvider.System);
        var (stored, cpu, start) = (Volatile.Read(ref _stored), Environment.CpuUsage.TotalTime, TimeProvider.System.GetTimestamp());
        await Task.Delay(TimeSpan.FromSeconds(options.Seconds), TimeProvider.System);
        var seconds = TimeProvider.System.GetElapsedTime(start).TotalSeconds;
        stored = Volatile.Read(ref _stored) - stored;
        cpu = Environment.CpuUsage.TotalTime - cpu;
        await _end.CancelAsync();
        await Task.WhenAll(callers);
        return new { stored, failed = _failed, stored_per_s = stored / seconds, client_cpu_us = cpu.TotalMicroseconds / Math.Max(1, stored) };
    }

    public void Dispose() => _end.Dispose();

    async Task CallAsync(Random chance)
    {
        while (!_end.IsCancellationRequested)
        {
            var letters = new Letter[options.Batch];
            for (var i = 0; i < letters.Length; i++) letters[i] = new(_names[chance.Next(_names.Length)], _draft);
            Count(await grid.DeliverManyAsync(letters));
        }
    }

    void Count(DeliverResult[] results)
    {
        var stored = results.Count(static result => result.Outcome == Outcome.Stored);
        Interlocked.Add(ref _stored, stored);
        Interlocked.Add(ref _failed, results.Length - stored);
    }
}
