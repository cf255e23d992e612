using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>What several engines share: the mailboxes, who has each, and what was reported of group sends. Safe from any thread.</summary>
sealed class SharedRows
{
    readonly Lock _gate = new();
    readonly Dictionary<MailboxName, string> _owners = [];
    readonly HashSet<(long Send, MailboxName Mailbox)> _done = [];

    public MemoryStore Mailboxes { get; } = new();

    /// <summary>Lets former owners append: what a test that is worth something notices.</summary>
    public bool IsLax { get; set; }

    public string? OwnerOf(MailboxName name)
    {
        lock (_gate) return _owners.GetValueOrDefault(name);
    }

    public StoredMailbox? Take(MailboxName name, string owner)
    {
        lock (_gate)
        {
            if (Mailboxes.Load(name) is not { } taken) return null;
            _owners[name] = owner;
            return taken;
        }
    }

    public void Commit(CommitBatch batch, string owner)
    {
        lock (_gate)
        {
            foreach (var done in batch.Records.OfType<SendPartDone>()) Refuse(done);
            if (IsLax) foreach (var appended in batch.Records.OfType<MessageAppended>()) LetAppend(appended);
            Mailboxes.Commit(batch);
            foreach (var record in batch.Records) Note(record, batch.Fenced ?? [], owner);
        }
    }

    public IReadOnlyList<MailboxName> Overdue(DateTimeOffset now, int limit, string owner)
    {
        lock (_gate) return [.. Mailboxes.Overdue(now, limit).Where(name => (_owners.GetValueOrDefault(name) ?? owner) == owner)];
    }

    /// <summary>The process has died: what it had belongs to nobody, and who was held there counts as disconnected now (spec M15).</summary>
    public void Forget(string owner, DateTimeOffset now)
    {
        lock (_gate)
        {
            foreach (var (name, _) in _owners.Where(pair => pair.Value == owner).ToArray()) Disconnect(name, now);
        }
    }

    void Disconnect(MailboxName name, DateTimeOffset now)
    {
        _owners.Remove(name);
        if (Mailboxes.Load(name) is not { Marks.Held: true } held) return;
        var deadline = Math.Max(held.Marks.Deadline, (now + held.Options.Idle).ToUnixTimeMilliseconds());
        var batch = new CommitBatch { At = now };
        batch.Records.Add(new DeadlineMoved(held.Handle, deadline, false));
        Mailboxes.Commit(batch);
    }

    static void LetAppend(MessageAppended appended)
    {
        foreach (var target in appended.Targets.AsSpan(0, appended.Count))
            if (target.Mailbox.Slot is Slot<Message> slot) target.Mailbox.Fence = slot.Fence;
    }

    /// <summary>No load has made a handle with the fence 0.</summary>
    void Refuse(SendPartDone done)
    {
        foreach (var handle in done.Stored)
            if (_done.Contains((done.Send, handle.Name))) handle.Fence = 0;
    }

    void Note(StoreRecord record, HashSet<MailboxHandle> fenced, string owner)
    {
        switch (record)
        {
            case MailboxMade made when !fenced.Contains(made.Mailbox): _owners[made.Mailbox.Name] = owner; break;
            case MailboxRemoved removed when !fenced.Contains(removed.Mailbox): _owners.Remove(removed.Mailbox.Name); break;
            case OwnershipReleased released when !fenced.Contains(released.Mailbox): _owners.Remove(released.Mailbox.Name); break;
            case SendPartDone done:
                foreach (var handle in done.Stored)
                    if (!fenced.Contains(handle)) _done.Add((done.Send, handle.Name));
                foreach (var member in done.Refused) _done.Add((done.Send, member.Mailbox));
                break;
        }
    }
}
