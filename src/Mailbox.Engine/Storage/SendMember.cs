namespace Mailbox.Storage;

/// <summary>A member that a send is for.</summary>
/// <param name="Epoch">Of the mailbox that joined: one that was made again since is not a member (spec G3).</param>
/// <param name="Owner">As <see cref="IMailboxStore.Owner"/> of the engine that has it; null for nobody.</param>
public readonly record struct SendMember(MailboxName Mailbox, ulong Epoch, string? Owner);
