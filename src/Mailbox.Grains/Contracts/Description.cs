namespace Mailbox.Grains;

/// <summary>What a mailbox holds.</summary>
/// <param name="outcome"><see cref="Outcome.Stored"/>, <see cref="Outcome.NotFound"/>, or why it cannot be told now.</param>
[GenerateSerializer, Immutable, Alias("mailbox.Description")]
public sealed class Description(Outcome outcome, MailboxInfo? info = null)
{
    [Id(0)]
    public Outcome Outcome { get; } = outcome;

    [Id(1)]
    public MailboxInfo? Info { get; } = info;
}
