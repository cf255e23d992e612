using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Who is in a group (spec G2, G3).</summary>
static class Membership
{
    public static MembersResult Change(
        Batch batch, MailboxEngine engine, GroupName name, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove)
    {
        var group = engine.Table.GroupOrEmpty(name);
        batch.NoteChanged(group);
        var (added, removed) = (new List<MailboxHandle>(), new List<MailboxHandle>());
        GroupName[] alone = [name];
        foreach (var member in add) Join(batch, engine, group, member, alone, added);
        foreach (var member in remove) Leave(batch, engine, group, member, removed);
        if (added.Count + removed.Count > 0) batch.Add(new MembersChanged(name, added, removed), Durability.Disk);
        return new(Outcome.Stored, added.Count, removed.Count, group.Count);
    }

    /// <param name="alone">Shared by all members that are in no other group.</param>
    static void Join(Batch batch, MailboxEngine engine, LiveGroup group, MailboxName name, GroupName[] alone, List<MailboxHandle> added)
    {
        var mailbox = engine.Table.FindOrMake(name);
        if (!group.Add(name, mailbox)) return;
        lock (mailbox)
        {
            batch.Touch(mailbox);
            mailbox.State.Groups = mailbox.State.Groups.Length == 0 ? alone : [.. mailbox.State.Groups, group.Name];
        }
        added.Add(mailbox.Handle);
    }

    static void Leave(Batch batch, MailboxEngine engine, LiveGroup group, MailboxName name, List<MailboxHandle> removed)
    {
        if (!group.Contains(name) || engine.Table.Find(name) is not { } mailbox) return;
        group.Remove(name);
        lock (mailbox)
        {
            batch.Touch(mailbox);
            mailbox.State.Groups = [.. mailbox.State.Groups.Where(other => other != group.Name)];
        }
        removed.Add(mailbox.Handle);
    }

    /// <summary>All leave; the mailboxes stay.</summary>
    public static Outcome Remove(Batch batch, MailboxEngine engine, GroupName name)
    {
        if (engine.Table.Group(name) is not { } group) return Outcome.NotFound;
        MailboxName[] members = [.. Enumerable.Range(0, group.Count).Select(group.NameAt)];
        Change(batch, engine, name, [], members);
        return Outcome.Stored;
    }
}
