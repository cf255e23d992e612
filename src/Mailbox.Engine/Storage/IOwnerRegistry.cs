namespace Mailbox.Storage;

/// <summary>Who has the mailboxes of a store that several engines share. Safe from any thread.</summary>
public interface IOwnerRegistry
{
    /// <summary>
    /// Those that have a mailbox, alive or not; as <see cref="IMailboxStore.Owner"/>. Ask this before who is alive: an owner that starts
    /// in between is then not taken for dead.
    /// </summary>
    /// <exception cref="StoreException">The store cannot be reached.</exception>
    ValueTask<IReadOnlyList<string>> OwnersAsync(CancellationToken cancel = default);

    /// <summary>
    /// Mailboxes of these owners belong to nobody from now on, and an owner that lives all the same is fenced off. Those that were held
    /// count as disconnected at <paramref name="now"/> (spec M15).
    /// </summary>
    /// <exception cref="StoreException">The store cannot be reached.</exception>
    ValueTask ForgetOwnersAsync(IReadOnlyCollection<string> dead, DateTimeOffset now, CancellationToken cancel = default);
}
