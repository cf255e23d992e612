using Mailbox.Engine;

namespace Mailbox.Storage;

/// <summary>Events of one commit that wait to be sent to their subscribers.</summary>
/// <param name="Id">See <see cref="SendIntent.Telling"/>.</param>
public sealed record ToldEvents(long Id, IReadOnlyList<MailboxEvent> Events);
