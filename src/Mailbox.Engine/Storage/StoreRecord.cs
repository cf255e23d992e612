using Mailbox.Engine;

namespace Mailbox.Storage;

/// <summary>One change of what is stored. A store applies the records of a batch in order, all or none of them.</summary>
public abstract record StoreRecord;

/// <summary>A mailbox comes to be. <see cref="MailboxHandle.Epoch"/> is new.</summary>
public sealed record MailboxMade(MailboxHandle Mailbox, MailboxOptions Options, long Deadline) : StoreRecord;

/// <summary>A message, stored once, and a number for it in each target's mailbox.</summary>
/// <param name="Targets">In order; a mailbox stands at most once. Only the first <paramref name="Count"/> count.</param>
public sealed record MessageAppended(Message Message, Target[] Targets, int Count) : StoreRecord;

/// <summary>See <see cref="MailboxState{TBody}.Remove"/>.</summary>
public sealed record MessageRemoved(MailboxHandle Mailbox, long Sequence, GapReason? Reason) : StoreRecord;

/// <summary>See <see cref="MailboxState{TBody}.Acknowledge"/> and <see cref="MailboxState{TBody}.Trim"/>.</summary>
/// <param name="Trim">Messages up to here go now; below <paramref name="Sequence"/> while a connection still needs some.</param>
public sealed record Acknowledged(MailboxHandle Mailbox, long Sequence, long Trim) : StoreRecord;

/// <summary>Moves <see cref="MailboxMarks.Written"/>.</summary>
public sealed record WrittenMarked(MailboxHandle Mailbox, long Sequence) : StoreRecord;

/// <summary>Moves <see cref="MailboxMarks.Reserved"/> or <see cref="MailboxMarks.Unsynced"/>.</summary>
/// <param name="Level">Of the messages that get the numbers: <see cref="Durability.Memory"/> or <see cref="Durability.Process"/>.</param>
public sealed record NumbersReserved(MailboxHandle Mailbox, long Through, Durability Level) : StoreRecord;

/// <summary>Sets <see cref="MailboxMarks.Deadline"/> and <see cref="MailboxMarks.Held"/>.</summary>
public sealed record DeadlineMoved(MailboxHandle Mailbox, long Deadline, bool Held) : StoreRecord;

public sealed record OptionsSet(MailboxHandle Mailbox, MailboxOptions Options) : StoreRecord;

/// <summary>The mailbox is gone, with its queue and all its memberships.</summary>
public sealed record MailboxRemoved(MailboxHandle Mailbox) : StoreRecord;

/// <summary>Members join and leave; a group that has none is gone.</summary>
public sealed record MembersChanged(GroupName Group, IReadOnlyList<MailboxHandle> Added, IReadOnlyList<MailboxHandle> Removed) : StoreRecord;

public sealed record KeyRemembered(KeyId Key, RememberedKey Answer) : StoreRecord;

/// <summary>
/// What the batch did to mailboxes: kept with it until subscribers are told (spec M16), where there are any. For stores that several
/// engines share; those of fenced mailboxes are left out.
/// </summary>
public sealed record EventsTold(IReadOnlyList<MailboxEvent> Events) : StoreRecord;

/// <summary>The engine no longer owns the mailbox: whoever looks may take it. For stores that several engines share.</summary>
public sealed record OwnershipReleased(MailboxHandle Mailbox) : StoreRecord;

/// <summary>
/// A part of a group send is done for these mailboxes, with the messages of the same batch. Where the send is not open any more, or one of
/// the mailboxes was reported on before, the store adds those mailboxes to <see cref="CommitBatch.Fenced"/> (spec G9).
/// </summary>
/// <param name="Stored">Mailboxes that got the message.</param>
/// <param name="Refused">Mailboxes that refused it, or are gone.</param>
public sealed record SendPartDone(long Send, IReadOnlyList<MailboxHandle> Stored, IReadOnlyList<SendMember> Refused) : StoreRecord;
