namespace Mailbox;

/// <summary>
/// Mailboxes and groups, whoever owns them: one engine in this process, or a cluster. Every member is safe to call from any thread.
/// A refusal that can be expected is a value; a fault of the caller is an <see cref="ArgumentException"/>. To cancel is to stop waiting:
/// what was asked may happen all the same, but an open that nobody waits for is closed again.
/// </summary>
public interface IMailboxGrid
{
    /// <summary>Puts one message into one mailbox. Answered <see cref="Outcome.Stored"/> means stored at the asked durability (spec M5).</summary>
    ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, MessageDraft draft, CancellationToken cancel = default);

    /// <summary>Puts one message into every member's mailbox but those excepted (spec G4 to G6).</summary>
    ValueTask<SendResult> SendAsync(
        GroupName group, MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null, CancellationToken cancel = default);

    /// <summary>Puts one message into several mailboxes and groups, at most once into each mailbox (spec section 5, <c>/deliver</c>).</summary>
    ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default);

    /// <summary>Opens a mailbox for reading, and makes it if it does not exist (spec M2, M7 to M9, M14).</summary>
    /// <param name="signal">Told when there is something to read or the reader has ended; null for a poll, which is not held.</param>
    ValueTask<OpenResult> OpenAsync(MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel = default);

    /// <summary>Acknowledges everything up to a position (spec M7). Stored on disk when answered.</summary>
    ValueTask<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position, CancellationToken cancel = default);

    /// <summary>
    /// A client tells the backend something (spec section 5): recorded in the mailbox once for each number of a client, or once for each key, on disk
    /// when answered, and a letter for everybody who takes uplinks. Makes the mailbox as an open does.
    /// </summary>
    ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, CancellationToken cancel = default);

    ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default);

    /// <returns>Null where the mailbox does not exist.</returns>
    ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default);

    /// <summary>Removes a mailbox with its queue and memberships; its readers end and are told (spec M18).</summary>
    ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default);

    /// <summary>Deletes one message; readers see no gap (spec M18).</summary>
    ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default);

    /// <summary>Names in ordinal order.</summary>
    /// <param name="after">Exclusive; null for the beginning.</param>
    /// <param name="limit">1 to 10,000.</param>
    ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default);

    /// <summary>Adds, then removes members. Adding makes the mailbox; twice is one membership (spec G3).</summary>
    ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default);

    /// <param name="limit">1 to 10,000.</param>
    /// <returns>Members in ordinal order, or null where the group does not exist.</returns>
    ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default);

    /// <summary>Removes the group; the mailboxes stay.</summary>
    ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default);

    /// <summary>
    /// True where posts are stored in the order of the calls, whatever they are to, though none is awaited. Otherwise only those to one mailbox are, and
    /// those to one group: a group and its members may be stored apart.
    /// </summary>
    bool KeepsOrderOfPosts => true;

    /// <summary>True while deliveries are accepted: the store takes writes and the grid is not stopping.</summary>
    bool IsReady { get; }
}
