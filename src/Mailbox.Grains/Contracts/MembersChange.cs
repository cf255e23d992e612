namespace Mailbox.Grains;

/// <summary>Members to add, then to remove.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.MembersChange")]
public sealed class MembersChange(MailboxName[] add, MailboxName[] remove)
{
    [Id(0)]
    public MailboxName[] Add { get; } = add;

    [Id(1)]
    public MailboxName[] Remove { get; } = remove;
}
