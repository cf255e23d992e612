using Mailbox.Engine;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What a batch writes once it is known which mailboxes are ours: the second exchange of a commit.</summary>
sealed class BatchRows
{
    readonly CommitPlan _plan;
    readonly EntryRows _entries;
    readonly HoleRows _holes = new();
    readonly MemberRows _members = new();
    readonly KeyRows _keys;
    readonly List<Target> _stored = [];
    readonly List<MailboxEvent> _told = [];

    public BatchRows(CommitPlan plan, NumberBlocks numbers)
    {
        (_plan, _entries, _keys) = (plan, new(numbers), new(plan));
        foreach (var mailbox in plan.Mailboxes)
            if (mailbox is { IsStored: true, Slot.Lost: { } lost }) _holes.Add(mailbox.Handle, lost);
        foreach (var record in plan.Batch.Records) Read(record);
    }

    public IReadOnlyDictionary<KeyId, RememberedKey> Keys => _keys.Keys;

    public void AddTo(NpgsqlBatch batch)
    {
        _entries.AddTo(batch);
        _holes.AddTo(batch);
        MarkRows.AddTo(batch, _plan.Mailboxes);
        _members.AddTo(batch);
        _keys.AddTo(batch);
        Telling.AddTo(batch, _told);
    }

    void Read(StoreRecord record)
    {
        switch (record)
        {
            case MessageAppended appended: Append(appended); break;
            case MembersChanged changed: _members.Add(changed); break;
            case KeyRemembered key: _keys.Add(key); break;
            case EventsTold told: Tell(told); break;
            default:
                if (RecordMailbox.Of(record) is { } handle && CommitPlan.Find(handle) is { } mailbox) Apply(record, mailbox);
                break;
        }
    }

    void Tell(EventsTold told)
    {
        var fenced = _plan.Batch.Fenced?.Select(static handle => handle.Name).ToHashSet() ?? [];
        _told.AddRange(told.Events.Where(happened => !fenced.Contains(happened.Mailbox)));
    }

    void Append(MessageAppended appended)
    {
        _stored.Clear();
        foreach (var target in appended.Targets.AsSpan(0, appended.Count))
        {
            if (CommitPlan.Find(target.Mailbox) is not { } mailbox) continue;
            _stored.Add(target);
            var next = mailbox.Marks.Tail + 1;
            if (target.Sequence > next) _holes.Add(target.Mailbox, new(next, target.Sequence - 1, GapReason.Lost));
            mailbox.Marks = mailbox.Marks with { Tail = target.Sequence };
        }
        _entries.Append(appended.Message, _stored);
    }

    void Apply(StoreRecord record, PlannedMailbox mailbox)
    {
        var marks = mailbox.Marks;
        switch (record)
        {
            case MessageRemoved r: _holes.Take(r.Mailbox, r.Sequence, r.Reason); break;
            case Acknowledged a: Acknowledge(mailbox, a); break;
            case WrittenMarked w: mailbox.Marks = marks with { Written = Math.Max(marks.Written, w.Sequence) }; break;
            case NumbersReserved { Level: Durability.Memory } n: mailbox.Marks = marks with { Reserved = n.Through }; break;
            case NumbersReserved n: mailbox.Marks = marks with { Unsynced = n.Through }; break;
            case DeadlineMoved d: mailbox.Marks = marks with { Deadline = d.Deadline, Held = d.Held }; break;
            case OptionsSet o: mailbox.Options = o.Options; break;
            case OwnershipReleased: mailbox.IsReleased = true; break;
        }
    }

    static void Acknowledge(PlannedMailbox mailbox, Acknowledged record)
    {
        mailbox.Trim = Math.Max(mailbox.Trim, record.Trim);
        var marks = mailbox.Marks;
        if (record.Sequence > marks.Acknowledged)
            mailbox.Marks = marks with { Acknowledged = record.Sequence, Written = Math.Max(marks.Written, record.Sequence) };
    }
}
