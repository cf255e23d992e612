namespace Mailbox.Grains;

/// <summary>Members to add, then to remove.</summary>
/// <param name="key">The same for every attempt at this change, so that it is done once; empty from a process that knows no keys.</param>
[GenerateSerializer, Immutable, Alias("mailbox.MembersChange")]
public sealed class MembersChange(MailboxName[] add, MailboxName[] remove, Guid key)
{
    [Id(0)]
    public MailboxName[] Add { get; } = add;

    [Id(1)]
    public MailboxName[] Remove { get; } = remove;

    [Id(2)]
    public Guid Key { get; } = key;
}
