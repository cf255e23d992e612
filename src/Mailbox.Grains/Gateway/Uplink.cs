using System.Collections.Concurrent;

namespace Mailbox.Grains;

/// <summary>Station 9 from a gateway to one silo: one batch of reports is in flight and the next collects meanwhile.</summary>
sealed class Uplink(IMailboxHub hub, string gateway, Action<Exception> failed)
{
    const int MostAtOnce = 4096;

    readonly Lock _gate = new();
    readonly ConcurrentQueue<(MailboxName Mailbox, ReaderReport Report)> _reports = new();
    readonly List<(MailboxName Mailbox, ReaderReport Report)> _onTheWay = [];
    int _isRunning;

    /// <summary>Whether nothing is on its way.</summary>
    public bool IsQuiet => Volatile.Read(ref _isRunning) == 0 && _reports.IsEmpty;

    public void Enqueue(MailboxName mailbox, ReaderReport report)
    {
        _reports.Enqueue((mailbox, report));
        Start();
    }

    /// <summary>What the silo has not yet confirmed of a mailbox, in order. Looks through all that wait.</summary>
    public ReaderReport[] Unconfirmed(MailboxName mailbox)
    {
        lock (_gate) return [.. _onTheWay.Concat(_reports).Where(one => one.Mailbox == mailbox).Select(static one => one.Report)];
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
            Forget();
            failed(fault);
        }
        Volatile.Write(ref _isRunning, 0);
        Interlocked.MemoryBarrier();
        if (!_reports.IsEmpty) Start();
    }

    ReaderReport[] Take()
    {
        lock (_gate)
        {
            _onTheWay.Clear();
            while (_onTheWay.Count < MostAtOnce && _reports.TryDequeue(out var report)) _onTheWay.Add(report);
            return [.. _onTheWay.Select(static one => one.Report)];
        }
    }

    void Forget()
    {
        lock (_gate)
        {
            _onTheWay.Clear();
            _reports.Clear();
        }
    }
}
