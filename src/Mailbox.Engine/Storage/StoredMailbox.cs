namespace Mailbox.Storage;

/// <summary>A mailbox as a store loads it, after <see cref="MailboxState{TBody}.Recover"/>. The bodies are read on demand.</summary>
public sealed record StoredMailbox(
    MailboxHandle Handle,
    MailboxOptions Options,
    MailboxMarks Marks,
    IReadOnlyList<StoredEntry> Entries,
    IReadOnlyList<Hole> Holes,
    IReadOnlyDictionary<string, long>? Topics,
    GroupName[] Groups);
