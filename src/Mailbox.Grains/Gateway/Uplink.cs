using System.Collections.Concurrent;

namespace Mailbox.Grains;

/// <summary>Station 9 from a gateway to one silo: one batch of reports is in flight and the next collects meanwhile.</summary>
sealed class Uplink(IMailboxHub hub, string gateway, Action<Exception> failed)
{
    const int MostAtOnce = 4096;

    readonly ConcurrentQueue<ReaderReport> _reports = new();
    int _isRunning;

    /// <summary>Whether nothing is on its way.</summary>
    public bool IsQuiet => Volatile.Read(ref _isRunning) == 0 && _reports.IsEmpty;

    public void Enqueue(ReaderReport report)
    {
        _reports.Enqueue(report);
        Start();
    }

    void Start()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 0) _ = Task.Run(PumpAsync);
    }

    async Task PumpAsync()
    {
        try
        {
            while (Take() is { Length: > 0 } reports) await hub.Report(new(gateway, reports)).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // Its readers attach again, and say then where they are.
            _reports.Clear();
            failed(fault);
        }
        Volatile.Write(ref _isRunning, 0);
        Interlocked.MemoryBarrier();
        if (!_reports.IsEmpty) Start();
    }

    ReaderReport[] Take()
    {
        var reports = new List<ReaderReport>();
        while (reports.Count < MostAtOnce && _reports.TryDequeue(out var report)) reports.Add(report);
        return [.. reports];
    }
}
