using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>One mailbox as it was taken from the database.</summary>
sealed class RecoveredMailbox
{
    readonly ulong _epoch;
    readonly MailboxOptions _options;
    readonly MailboxMarks _marks;
    readonly List<MailboxEntry<bool>> _entries = [];
    readonly List<Hole> _holes = [];
    readonly List<GroupName> _groups = [];
    readonly Dictionary<string, long> _topics = [];

    public RecoveredMailbox(NpgsqlDataReader row)
    {
        Name = MailboxName.Parse(row.GetString(0));
        (_epoch, Fence) = ((ulong)row.GetInt64(1), row.GetInt64(2));
        _options = new(TimeSpan.FromTicks(row.GetInt64(3)), (OverflowPolicy)row.GetInt16(4), row.GetInt32(5), row.GetInt64(6));
        _marks = new(
            row.GetInt64(7), row.GetInt64(8), row.GetInt64(9), row.GetInt64(10), row.GetInt64(11), row.GetInt64(12), row.GetBoolean(13));
    }

    public MailboxName Name { get; }

    public long Fence { get; }

    /// <summary>In order of number.</summary>
    public void ReadEntry(NpgsqlDataReader row)
    {
        var (sequence, expires) = (row.GetInt64(1), new DateTimeOffset(row.GetInt64(3), TimeSpan.Zero));
        _entries.Add(new(sequence, row.GetInt32(2), ExpiryTick.NotBefore(expires), false));
        if (!row.IsDBNull(4)) _topics[row.GetString(4)] = sequence;
    }

    public void ReadHole(NpgsqlDataReader row) => _holes.Add(new(row.GetInt64(1), row.GetInt64(2), (GapReason)row.GetInt16(3)));

    public void ReadGroup(NpgsqlDataReader row) => _groups.Add(GroupName.Parse(row.GetString(1)));

    /// <summary>
    /// Nobody who had it before can write to it any more: what may have been given out in memory is lost. What the database was told
    /// to store is there, because messages and numbers are synced whatever their level.
    /// </summary>
    public StoredMailbox Recover()
    {
        var state = new MailboxState<bool>(_options);
        state.Restore(_marks, [.. _entries], [], _topics);
        foreach (var hole in _holes) state.AddHole(hole.From, hole.To, hole.Reason);
        state.Recover(hasLostPower: false);
        var slot = new MailboxSlot
        {
            Marks = state.Marks,
            Lost = state.Marks.Tail > _marks.Tail ? new(_marks.Tail + 1, state.Marks.Tail, GapReason.Lost) : null,
            Trimmed = state.Count < _entries.Count ? state.Marks.Acknowledged : 0,
        };
        return new(
            new(Name, _epoch) { Fence = Fence, Slot = slot }, _options, state.Marks, Entries(state), state.Holes, state.Topics, [.. _groups]);
    }

    static StoredEntry[] Entries(MailboxState<bool> state)
    {
        var entries = new StoredEntry[state.Count];
        for (var i = 0; i < entries.Length; i++)
            entries[i] = new(state.Entries[i].Sequence, state.Entries[i].Size, state.Entries[i].Expires);
        return entries;
    }
}
