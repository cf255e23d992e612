namespace Mailbox.Gateway;

/// <summary>What this process told one webhook. Safe from any thread.</summary>
sealed class WebhookCounts
{
    long _told;
    long _dropped;
    long _failures;
    long _refused;
    long _waiting;
    int _isFailing;

    public long Events => Interlocked.Read(ref _told);

    /// <summary>Events that will not be told: too many waited, or for too long.</summary>
    public long Lost => Interlocked.Read(ref _dropped);

    /// <summary>Calls that were set aside because the endpoint refused them for good.</summary>
    public long SetAside => Interlocked.Read(ref _refused);

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Letters that were not told yet, by this process or another, as of a few seconds ago.</summary>
    public long Waiting
    {
        get => Interlocked.Read(ref _waiting);
        set => Interlocked.Exchange(ref _waiting, value);
    }

    /// <summary>The last call was not taken.</summary>
    public bool IsFailing => Volatile.Read(ref _isFailing) != 0;

    public void Told(int events) => Interlocked.Add(ref _told, events);

    public void Dropped(long events) => Interlocked.Add(ref _dropped, events);

    public void Refused() => Interlocked.Increment(ref _refused);

    public void Called(bool isTaken)
    {
        if (!isTaken) Interlocked.Increment(ref _failures);
        Volatile.Write(ref _isFailing, isTaken ? 0 : 1);
    }
}
