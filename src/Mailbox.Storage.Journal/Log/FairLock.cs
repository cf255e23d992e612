namespace Mailbox.Storage.Journal;

/// <summary>A lock that is given in the order in which it was asked for: a busy writer must not keep compaction out for ever.</summary>
sealed class FairLock
{
    readonly object _gate = new();
    long _next;
    long _serving;

    public Turn Enter()
    {
        lock (_gate)
        {
            var mine = _next++;
            while (mine != _serving) Monitor.Wait(_gate);
        }
        return new(this);
    }

    void Leave()
    {
        lock (_gate)
        {
            _serving++;
            Monitor.PulseAll(_gate);
        }
    }

    public readonly ref struct Turn(FairLock owner)
    {
        public void Dispose() => owner.Leave();
    }
}
