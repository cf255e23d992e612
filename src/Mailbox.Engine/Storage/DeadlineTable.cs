namespace Mailbox.Storage;

/// <summary>
/// Finds mailboxes that are overdue without looking at the others (spec M15). Mailboxes lie in buckets of about eight seconds. A
/// deadline that moves later, as nearly all do, leaves its mailbox where it is: it is moved when that bucket comes up.
/// Not thread-safe.
/// </summary>
sealed class DeadlineTable<TBody>
{
    const int BucketBits = 13;

    readonly SortedSet<long> _order = [];
    readonly Dictionary<long, List<Slot<TBody>>> _buckets = [];

    public void Place(Slot<TBody> slot)
    {
        if (slot.State.Marks.Held) return;
        var bucket = slot.State.Marks.Deadline >> BucketBits;
        if (bucket < slot.Bucket) Put(slot, bucket);
    }

    /// <summary>Goes on from where the cursor is and looks at no more than <paramref name="steps"/> mailboxes.</summary>
    /// <returns>False when it has come to the end or has found enough.</returns>
    public bool Collect(DeadlineCursor cursor, int steps)
    {
        while (steps > 0 && cursor.Left > 0)
        {
            if (Next(cursor) is not { } bucket) return false;
            var list = _buckets[bucket];
            for (; cursor.Index < list.Count && steps > 0 && cursor.Left > 0; steps--) Visit(list, bucket, cursor);
            if (cursor.Index >= list.Count) cursor.Leave(bucket);
            if (list.Count == 0) Drop(bucket);
        }
        return cursor.Left > 0;
    }

    long? Next(DeadlineCursor cursor)
    {
        var last = cursor.Now >> BucketBits;
        if (cursor.Bucket > last || _order.Count == 0) return null;
        using var rest = _order.GetViewBetween(cursor.Bucket, last).GetEnumerator();
        if (!rest.MoveNext()) return null;
        cursor.Enter(rest.Current);
        return rest.Current;
    }

    void Visit(List<Slot<TBody>> list, long bucket, DeadlineCursor cursor)
    {
        var slot = list[cursor.Index];
        if (slot.IsLive && slot.Bucket == bucket && Belongs(slot, bucket))
        {
            cursor.Index++;
            if (slot.State.Marks.Deadline <= cursor.Now) cursor.Add(slot.Name);
            return;
        }
        list[cursor.Index] = list[^1];
        list.RemoveAt(list.Count - 1);
        if (!slot.IsLive || slot.Bucket != bucket) return;
        slot.Bucket = Slot<TBody>.NoBucket;
        Place(slot);
    }

    static bool Belongs(Slot<TBody> slot, long bucket) =>
        !slot.State.Marks.Held && slot.State.Marks.Deadline >> BucketBits <= bucket;

    void Put(Slot<TBody> slot, long bucket)
    {
        if (!_buckets.TryGetValue(bucket, out var list))
        {
            _buckets.Add(bucket, list = []);
            _order.Add(bucket);
        }
        list.Add(slot);
        slot.Bucket = bucket;
    }

    void Drop(long bucket)
    {
        _buckets.Remove(bucket);
        _order.Remove(bucket);
    }
}

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

/// <summary>
/// The end of a message's time to live in 32 bits: quarters of a second since 2020, until 2054. Seconds would let a message with a time
/// to live of one second live for two.
/// </summary>
public static class ExpiryTick
{
    const long TicksPerQuarter = TimeSpan.TicksPerSecond / 4;
    static readonly long s_origin = new DateTimeOffset(2020, 1, 1, 0, 0, 0, TimeSpan.Zero).UtcTicks;

    /// <summary>The first tick that is not before a time: nothing ends early.</summary>
    public static uint NotBefore(DateTimeOffset time) => Clamp(time.UtcTicks - s_origin + TicksPerQuarter - 1);

    /// <summary>The last tick that has come.</summary>
    public static uint Now(DateTimeOffset time) => Clamp(time.UtcTicks - s_origin);

    public static DateTimeOffset TimeOf(uint tick) => new(s_origin + tick * TicksPerQuarter, TimeSpan.Zero);

    static uint Clamp(long ticks) => (uint)Math.Clamp(ticks / TicksPerQuarter, 0, uint.MaxValue);
}
