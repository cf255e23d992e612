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
