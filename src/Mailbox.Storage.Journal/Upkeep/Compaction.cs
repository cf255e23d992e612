namespace Mailbox.Storage.Journal;

/// <summary>
/// Copies the messages of segments that are mostly dead to the end of the journal and removes the segments. It works in short steps
/// between commits. A segment is removed only when a snapshot covers it, no message is left in it, and everything that made it so
/// (copies, acknowledgements, removals) is synced.
/// </summary>
sealed class Compaction(IJournalFiles files, JournalOptions options, StoreIndex<Location> index, SegmentSet segments, JournalLog log, FairLock turn)
{
    const int SliceSlots = 2048;
    const int StepBytes = 256 << 10;
    const int StepTargets = 4096;
    const int SegmentsAtOnce = 8;

    readonly BatchEncoder _encoder = new();
    readonly List<MovedMessage> _step = [];
    readonly HashSet<int> _unreadable = [];
    byte[] _buffer = [];

    /// <param name="covered">Segments below this number are covered by a snapshot.</param>
    /// <returns>Segments removed.</returns>
    public int Run(int covered)
    {
        var victims = segments.InOrder.TakeWhile(segment => segment.Number < covered).Where(IsMostlyDead).Take(SegmentsAtOnce).ToList();
        if (victims.Count == 0) return 0;
        Move(CollectLive(victims));
        log.Sync();
        return victims.Count(Remove);
    }

    bool IsMostlyDead(Segment segment) => segment.Live < options.CompactBelow * segment.Length && !_unreadable.Contains(segment.Number);

    List<LiveMessage> CollectLive(List<Segment> victims)
    {
        var numbers = victims.Where(segment => segment.Live > 0).Select(segment => segment.Number).ToHashSet();
        var live = new List<LiveMessage>();
        if (numbers.Count == 0) return live;
        for (var place = 0; place >= 0;) place = index.Locked(tables => CollectSlice(tables, place, numbers, live));
        live.Sort(static (a, b) => a.Place.Bits.CompareTo(b.Place.Bits));
        return live;
    }

    static int CollectSlice(MailboxTables<Location> tables, int place, HashSet<int> numbers, List<LiveMessage> live)
    {
        var end = Math.Min(tables.Slots.End, place + SliceSlots);
        for (; place < end; place++)
            if (tables.Slots[place] is { } slot) Collect(slot, numbers, live);
        return place == tables.Slots.End ? -1 : place;
    }

    static void Collect(Slot<Location> slot, HashSet<int> numbers, List<LiveMessage> live)
    {
        foreach (ref readonly var entry in slot.State.Entries)
            if (numbers.Contains(entry.Body.Segment)) live.Add(new(entry.Body, slot, entry.Sequence));
    }

    void Move(List<LiveMessage> live)
    {
        long bytes = 0;
        var targets = 0;
        for (var from = 0; from < live.Count;)
        {
            if (Take(live, ref from) is not { } message) continue;
            _step.Add(message);
            bytes += message.Part.Length;
            targets += message.Targets.Count;
            if (bytes < StepBytes && targets < StepTargets) continue;
            MoveStep();
            (bytes, targets) = (0, 0);
        }
        MoveStep();
    }

    /// <summary>One message with all the mailboxes that share it; null if it is damaged, and then its segment stays as it is.</summary>
    MovedMessage? Take(List<LiveMessage> live, ref int from)
    {
        var place = live[from].Place;
        var targets = new List<MovedTarget>();
        for (; from < live.Count && live[from].Place == place; from++) targets.Add(new(live[from].Slot, live[from].Sequence));
        try
        {
            return new(place, MessageFetch.Part(segments.Find(place.Segment)!, place.Offset, ref _buffer).ToArray(), targets);
        }
        catch (Exception e) when (e is JournalDamagedException or IOException)
        {
            if (_unreadable.Add(place.Segment)) options.Notice?.Invoke($"A segment is not compacted: {e.Message}");
            return null;
        }
    }

    void MoveStep()
    {
        using (turn.Enter())
        {
            _encoder.Begin();
            index.Locked(_ => _step.RemoveAll(static message => !message.KeepLive()));
            foreach (var message in _step) _encoder.Moved(message.From, message.Part, message.Targets);
            if (_step.Count > 0) Append();
        }
        _step.Clear();
    }

    void Append()
    {
        var offset = log.Append(_encoder.Frame, index.LastSeen, mayUseReserve: true);
        var places = _encoder.Locate(log.Current.Number, offset);
        index.Locked(tables =>
        {
            for (var i = 0; i < places.Length; i++) _step[i].MoveTo(tables, places[i]);
            return tables.LastBatch = log.LastBatch;
        });
    }

    bool Remove(Segment segment)
    {
        if (index.Locked(_ => segment.Live != 0)) return false;
        segments.Remove(segment);
        files.Delete(segment.Name);
        return true;
    }
}
