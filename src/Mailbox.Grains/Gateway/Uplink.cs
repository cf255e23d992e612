namespace Mailbox.Grains;

/// <summary>Station 9 from a gateway to one silo: one batch of reports is in flight and the next collects meanwhile.</summary>
sealed class Uplink(IMailboxHub hub, string gateway, Action<Exception> failed)
{
    const int MostAtOnce = 4096;

    readonly Lock _gate = new();
    readonly Queue<(MailboxName Mailbox, ReaderReport Report)> _waiting = new();
    readonly List<MailboxName> _onTheWay = [];
    // Opens ask for it: it must not take longer the more reports there are.
    readonly Dictionary<MailboxName, Queue<ReaderReport>> _unconfirmed = [];
    bool _isRunning;

    /// <summary>Whether nothing is on its way.</summary>
    public bool IsQuiet
    {
        get
        {
            lock (_gate) return !_isRunning;
        }
    }

    public void Enqueue(MailboxName mailbox, ReaderReport report)
    {
        lock (_gate)
        {
            _waiting.Enqueue((mailbox, report));
            if (!_unconfirmed.TryGetValue(mailbox, out var reports)) _unconfirmed.Add(mailbox, reports = new());
            reports.Enqueue(report);
            if (_isRunning) return;
            _isRunning = true;
        }
        _ = Task.Run(PumpAsync);
    }

    /// <summary>What the silo has not yet confirmed of a mailbox, in order.</summary>
    public ReaderReport[] Unconfirmed(MailboxName mailbox)
    {
        lock (_gate) return _unconfirmed.TryGetValue(mailbox, out var reports) ? [.. reports] : [];
    }

    async Task PumpAsync()
    {
        while (Take() is { Length: > 0 } reports) await SendAsync(reports).ConfigureAwait(false);
    }

    async Task SendAsync(ReaderReport[] reports)
    {
        try
        {
            await hub.Report(new(gateway, reports)).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            // Its readers attach again, and say then where they are.
            Forget();
            failed(fault);
        }
    }

    ReaderReport[] Take()
    {
        lock (_gate)
        {
            Confirm();
            var reports = new ReaderReport[Math.Min(_waiting.Count, MostAtOnce)];
            for (var i = 0; i < reports.Length; i++)
            {
                (var mailbox, reports[i]) = _waiting.Dequeue();
                _onTheWay.Add(mailbox);
            }
            _isRunning = reports.Length > 0;
            return reports;
        }
    }

    /// <summary>What was on the way has arrived.</summary>
    void Confirm()
    {
        foreach (var mailbox in _onTheWay)
        {
            var reports = _unconfirmed[mailbox];
            reports.Dequeue();
            if (reports.Count == 0) _unconfirmed.Remove(mailbox);
        }
        _onTheWay.Clear();
    }

    void Forget()
    {
        lock (_gate)
        {
            _waiting.Clear();
            _onTheWay.Clear();
            _unconfirmed.Clear();
        }
    }
}
