namespace Mailbox.Storage;

/// <summary>
/// The index in memory of an embedded store. A batch goes through <see cref="Admit"/>, is written by the store, and ends in
/// <see cref="Apply"/> or <see cref="Abandon"/>; what it changes is seen from <see cref="Apply"/> on. Safe from any thread, but
/// for batches: one at a time.
/// </summary>
sealed class StoreIndex<TBody>(MailboxTables<TBody> tables)
{
    const int SliceSlots = 4096;
    const int None = 0;
    const int KeysForgottenAtOnce = 100;

    readonly object _lock = new();
    readonly object _ordering = new();
    readonly object _sweeping = new();
    readonly BatchAdmission<TBody> _admission = new(tables);
    int _inFlight = None;

    public int KeyCount => Locked(static t => t.Keys.Count);

    public DateTimeOffset LastSeen => Locked(static t => t.LastSeen);

    /// <summary>Reads or changes the tables while nobody else does.</summary>
    public T Locked<T>(Func<MailboxTables<TBody>, T> read)
    {
        lock (_lock) return read(tables);
    }

    /// <summary>Fills <see cref="CommitBatch.Fenced"/>. Loads of the mailboxes named wait until the batch has ended.</summary>
    public void Admit(CommitBatch batch)
    {
        lock (_lock)
        {
            batch.Fenced = null;
            _inFlight = _admission.Admit(batch);
        }
    }

    /// <param name="bodies">One for each <see cref="MessageAppended"/>, in order.</param>
    /// <param name="number">Becomes <see cref="MailboxTables{TBody}.LastBatch"/>.</param>
    public void Apply(CommitBatch batch, ReadOnlySpan<TBody> bodies, long number = 0)
    {
        lock (_lock)
        {
            tables.Saw(batch.At);
            new BatchApplication<TBody>(tables, batch.Fenced).Apply(batch.Records, bodies);
            tables.LastBatch = number;
            End();
        }
    }

    public void Abandon()
    {
        lock (_lock) End();
    }

    public StoredMailbox? Load(MailboxName name)
    {
        lock (_lock)
        {
            while (true)
            {
                if (tables.Find(name) is not { } slot) return null;
                if (_inFlight == None || slot.Batch != _inFlight) return Load(slot);
                Monitor.Wait(_lock);
            }
        }
    }

    public IReadOnlyList<MailboxName> LoadGroup(GroupName group)
    {
        var members = Locked(t => t.Groups.Members(group));
        NameList.Sort(members);
        return members;
    }

    /// <summary>Forgets ended keys on the way: an engine at its bound of keys may have nothing to commit that would.</summary>
    public RememberedKey? FindKey(KeyId key, DateTimeOffset now)
    {
        var seconds = (uint)now.ToUnixTimeSeconds();
        lock (_lock)
        {
            tables.Keys.Forget(seconds, KeysForgottenAtOnce);
            return tables.Keys.Find(key, seconds);
        }
    }

    public IReadOnlyList<MailboxName> Names(string? after, int limit)
    {
        lock (_ordering)
        {
            while (true)
            {
                lock (_lock)
                    if (tables.Names.IsReady) return tables.Names.Page(after, limit, name => tables.Find(name) is not null);
                PutInOrder();
            }
        }
    }

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit)
    {
        var cursor = new DeadlineCursor(now.ToUnixTimeMilliseconds(), limit);
        lock (_sweeping)
            while (Locked(t => t.Deadlines.Collect(cursor, SliceSlots))) { }
        return cursor.Found;
    }

    /// <summary>Finds the messages of a mailbox that are still kept; false in <paramref name="found"/> for the others.</summary>
    public void Find(MailboxHandle mailbox, ReadOnlySpan<long> sequences, Span<MailboxEntry<TBody>> entries, Span<bool> found)
    {
        lock (_lock)
        {
            found.Clear();
            if (mailbox.Slot is not Slot<TBody> { IsLive: true } slot) return;
            for (var i = 0; i < sequences.Length; i++)
            {
                var index = slot.State.IndexOf(sequences[i]);
                found[i] = index >= 0;
                if (index >= 0) entries[i] = slot.State.Entries[index];
            }
        }
    }

    void End()
    {
        _inFlight = None;
        Monitor.PulseAll(_lock);
    }

    StoredMailbox Load(Slot<TBody> slot)
    {
        // Whoever had it before may have ended with its process. A loss of power would have ended this one too.
        tables.Recover(slot, hasLostPower: false);
        var state = slot.State;
        var handle = new MailboxHandle(slot.Name, slot.Epoch) { Slot = slot, Fence = ++slot.Fence };
        var entries = new StoredEntry[state.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(state.Entries[i].Sequence, state.Entries[i].Size, state.Entries[i].Expires);
        var topics = state.Topics is { } kept ? new Dictionary<string, long>(kept) : null;
        return new(handle, state.Options, state.Marks, entries, state.Holes, topics, state.Groups);
    }

    /// <summary>Sorts beside the commits, which only wait while a slice of the names is copied.</summary>
    void PutInOrder()
    {
        var end = Locked(static t => Begin(t));
        var names = new List<MailboxName>(end);
        for (var from = 0; from < end; from += SliceSlots) Locked(t => Copy(t, from, Math.Min(end, from + SliceSlots), names));
        var sorted = names.ToArray();
        NameList.Sort(sorted);
        lock (_lock) tables.Names.Complete(sorted);
    }

    static int Begin(MailboxTables<TBody> tables)
    {
        tables.Names.Begin();
        return tables.Slots.End;
    }

    static bool Copy(MailboxTables<TBody> tables, int from, int to, List<MailboxName> names)
    {
        for (var place = from; place < to; place++)
            if (tables.Slots[place] is { } slot) names.Add(slot.Name);
        return true;
    }
}
