namespace Mailbox.Grains;

/// <summary>What a silo says to an <see cref="AuditRequest"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.AuditAnswer")]
sealed class AuditAnswer(bool agrees, AttachmentKey[] missing)
{
    [Id(0)]
    public bool Agrees { get; } = agrees;

    /// <summary>Attachments that the silo does not have, where keys were sent.</summary>
    [Id(1)]
    public AttachmentKey[] Missing { get; } = missing;
}
