namespace Mailbox.Engine.Tests;

/// <summary>All mailboxes and groups as the specification sees them.</summary>
sealed class ModelOffice(FakeTime time, MailboxOptions defaults)
{
    public Dictionary<string, ModelMailbox> Mailboxes { get; } = [];

    public Dictionary<string, HashSet<string>> Groups { get; } = [];

    /// <summary>The last position that was seen of a mailbox, perhaps of a former epoch.</summary>
    public Dictionary<string, Position> Positions { get; } = [];

    public long Now => time.GetUtcNow().ToUnixTimeMilliseconds();

    public long Seconds => time.GetUtcNow().ToUnixTimeSeconds();

    public ModelMailbox? Find(string name)
    {
        if (!Mailboxes.TryGetValue(name, out var mailbox)) return null;
        if (mailbox.Readers.Count > 0 || Now < mailbox.Deadline) return mailbox;
        Remove(name);
        return null;
    }

    public ModelMailbox FindOrMake(string name)
    {
        if (Find(name) is { } mailbox) return mailbox;
        return Mailboxes[name] = new(Now + (long)defaults.Idle.TotalMilliseconds, defaults);
    }

    public void Remove(string name)
    {
        foreach (var reader in Mailboxes[name].Readers) reader.HasEnded = true;
        foreach (var group in Mailboxes[name].Groups) Groups[group].Remove(name);
        Mailboxes.Remove(name);
    }

    public void ReaderSeen(ModelMailbox mailbox) => mailbox.Deadline = Now + (long)mailbox.Options.Idle.TotalMilliseconds;

    public static void SetOptions(ModelMailbox mailbox, MailboxOptions options)
    {
        mailbox.Deadline += (long)(options.Idle - mailbox.Options.Idle).TotalMilliseconds;
        mailbox.Options = options;
    }

    public long Expires(ModelMailbox mailbox) =>
        mailbox.Readers.Count > 0 ? Now + (long)mailbox.Options.Idle.TotalMilliseconds : mailbox.Deadline;

    public bool Join(string group, string name)
    {
        FindOrMake(name).Groups.Add(group);
        if (!Groups.TryGetValue(group, out var members)) Groups[group] = members = [];
        return members.Add(name);
    }

    public bool Leave(string group, string name)
    {
        if (Find(name) is not { } mailbox || !mailbox.Groups.Remove(group)) return false;
        return Groups[group].Remove(name);
    }

    public string[] MembersOf(string group)
    {
        if (!Groups.TryGetValue(group, out var members)) return [];
        foreach (var name in members.ToArray()) Find(name);
        return [.. members];
    }
}
