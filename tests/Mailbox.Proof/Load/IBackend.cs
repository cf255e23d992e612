using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Does a deed: asks, and asks again in the same words, until there is an answer or nobody waits for it any more. Thread-safe.</summary>
interface IBackend
{
    Task DeliverAsync(Delivery delivery, CancellationToken giveUp);

    Task SendAsync(GroupSend send, CancellationToken giveUp);

    /// <summary>Changes of one group, of mailboxes that are all different.</summary>
    Task ChangeAsync(string group, IReadOnlyList<Membership> changes, CancellationToken giveUp);
}
