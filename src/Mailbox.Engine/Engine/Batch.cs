using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// What the writer plans, commits and publishes together. Operations change the live state and add the records that make the change
/// durable; if the store refuses the batch, <see cref="Undo"/> takes everything back. Used in the writer's turn alone.
/// </summary>
sealed class Batch
{
    readonly UndoLog _undo = new();
    readonly List<LiveMailbox> _touched = [];
    readonly List<LiveMailbox> _made = [];
    readonly List<RemovedMailbox> _removed = [];
    readonly HashSet<MailboxName> _removedNames = [];
    readonly List<LiveGroup> _groups = [];
    readonly List<MailboxEvent> _events = [];

    public CommitBatch Records { get; } = new();

    /// <summary>Keys of this batch: their outcomes are not yet known to the store (spec M13).</summary>
    public Dictionary<KeyId, RememberedKey> Keys { get; } = [];

    /// <summary>The batch's time; one for all it does.</summary>
    public DateTimeOffset Now { get; private set; }

    public long NowMilliseconds { get; private set; }

    public uint NowSeconds { get; private set; }

    /// <summary>As <see cref="ExpiryTick"/>.</summary>
    public uint NowTick { get; private set; }

    public IReadOnlyList<LiveMailbox> Touched => _touched;

    public IReadOnlyList<LiveMailbox> Made => _made;

    public IReadOnlyList<RemovedMailbox> Removed => _removed;

    public IReadOnlyList<LiveGroup> Groups => _groups;

    public IReadOnlyList<MailboxEvent> Events => _events;

    /// <summary>How many of <see cref="Events"/> subscribers are told already.</summary>
    public int ToldEvents { get; set; }

    public void Begin(DateTimeOffset now)
    {
        (Now, NowMilliseconds, NowSeconds) = (now, now.ToUnixTimeMilliseconds(), (uint)now.ToUnixTimeSeconds());
        NowTick = ExpiryTick.Now(now);
        Records.At = now;
    }

    /// <summary>The mailbox is about to change. Call it before the change, under <c>lock (mailbox)</c>.</summary>
    public void Touch(LiveMailbox mailbox)
    {
        if (mailbox.IsTouched) return;
        mailbox.IsTouched = true;
        _touched.Add(mailbox);
        _undo.Save(mailbox);
    }

    public void Add(StoreRecord record, Durability durability)
    {
        Records.Records.Add(record);
        Require(durability);
    }

    public void Require(Durability durability)
    {
        if (durability > Records.Durability) Records.Durability = durability;
    }

    /// <summary>Takes one message out of a mailbox.</summary>
    public void RemoveMessage(LiveMailbox mailbox, long sequence, GapReason? reason)
    {
        Touch(mailbox);
        var entry = mailbox.State.Entries[mailbox.State.IndexOf(sequence)];
        _undo.Keep(mailbox, entry);
        mailbox.State.Remove(sequence, reason);
        if (!entry.IsVolatile) Add(new MessageRemoved(mailbox.Handle, sequence, reason), Durability.Process);
    }

    /// <summary>Lets go of what is acknowledged and needed by no connection.</summary>
    public void Trim(LiveMailbox mailbox, Durability durability)
    {
        Touch(mailbox);
        var (limit, marks) = (mailbox.TrimLimit(), mailbox.State.Marks);
        for (var i = mailbox.State.IndexAfter(limit) - 1; i >= 0; i--) _undo.Keep(mailbox, mailbox.State.Entries[i]);
        mailbox.State.Trim(limit);
        Add(new Acknowledged(mailbox.Handle, marks.Acknowledged, limit), durability);
    }

    public void NoteMade(LiveMailbox mailbox) => _made.Add(mailbox);

    public void NoteRemoved(LiveMailbox mailbox, Ending ending)
    {
        _removed.Add(new(mailbox, ending));
        _removedNames.Add(mailbox.Name);
    }

    /// <summary>The store still has a mailbox of this name and will not once the batch is stored.</summary>
    public bool HasRemoved(MailboxName name) => _removedNames.Contains(name);

    public void NoteChanged(LiveGroup group)
    {
        if (group.IsTouched) return;
        group.IsTouched = true;
        _groups.Add(group);
    }

    public void Tell(LiveMailbox mailbox, MailboxEventKind kind) => _events.Add(new(mailbox.Name, kind, Now));

    /// <summary>Every mailbox that the batch changes, makes or removes.</summary>
    public HashSet<MailboxName> Names() =>
        [.. _touched.Select(static live => live.Name), .. _made.Select(static live => live.Name), .. _removedNames];

    public void Undo() => _undo.Roll();

    public void Clear()
    {
        foreach (var mailbox in _touched) mailbox.IsTouched = false;
        foreach (var group in _groups) group.IsTouched = false;
        _touched.Clear();
        _made.Clear();
        _removed.Clear();
        _removedNames.Clear();
        _groups.Clear();
        _events.Clear();
        ToldEvents = 0;
        _undo.Clear();
        Keys.Clear();
        Records.Clear();
    }
}
