namespace Mailbox.Storage;

/// <summary>One search for what is overdue, done in slices.</summary>
/// <param name="now">Unix milliseconds.</param>
sealed class DeadlineCursor(long now, int limit)
{
    public List<MailboxName> Found { get; } = [];

    public long Now => now;

    public int Left => limit - Found.Count;

    public long Bucket { get; private set; } = long.MinValue;

    public int Index { get; set; }

    public void Enter(long bucket)
    {
        if (bucket == Bucket) return;
        Bucket = bucket;
        Index = 0;
    }

    public void Leave(long bucket) => (Bucket, Index) = (bucket + 1, 0);

    public void Add(MailboxName name) => Found.Add(name);
}
