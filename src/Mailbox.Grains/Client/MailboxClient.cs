namespace Mailbox.Grains;

/// <summary>One mailbox, as a backend sees it. Safe from any thread; may be kept or made anew for every call.</summary>
public sealed class MailboxClient
{
    readonly GridCalls _calls;
    readonly IMailboxGrain _grain;

    internal MailboxClient(GridCalls calls, MailboxName name)
    {
        if (name == default) throw new ArgumentException("A mailbox has a name.", nameof(name));
        (_calls, _grain, Name) = (calls, calls.GrainOf(name), name);
    }

    public MailboxName Name { get; }

    /// <summary>
    /// Puts one message into the mailbox (spec M5): once, however often the call is repeated inside. Await one before the next where
    /// their order matters.
    /// </summary>
    /// <returns>With <see cref="Outcome.Stored"/>, or <see cref="Outcome.Dropped"/> where that is the policy of the full mailbox.</returns>
    /// <exception cref="MailboxRefusedException">The mailbox is full, the body too large, or the key another message's.</exception>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<DeliverResult> DeliverAsync(MessageDraft draft, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(draft);
        var result = await _calls.Deliveries.DeliverOneAsync(new(Name, draft), cancel).ConfigureAwait(false);
        GridCalls.Demand(result.Outcome, Name.ToString());
        return result;
    }

    /// <summary>
    /// Reads the mailbox, and makes it if it does not exist: messages, and gaps between them (spec M10), in order, until cancelled. It is
    /// opened again by position inside, across moves and restarts of silos. What is handed out stays in the mailbox until
    /// the loop comes back for the next page, so a handler may take its time; a loop that is left inside a page gets that page again.
    /// </summary>
    /// <exception cref="MailboxReadingEndedException">The mailbox was removed while it was waited for.</exception>
    public IAsyncEnumerable<Received> OpenAsync(ReadingOptions? options = null, CancellationToken cancel = default) =>
        new MailboxReading(_calls, Name, options ?? ReadingOptions.Default).RunAsync(cancel);

    /// <summary>Acknowledges everything up to a position (spec M7).</summary>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<AcknowledgeOutcome> AcknowledgeAsync(Position position, CancellationToken cancel = default)
    {
        var outcome = await _calls.AskAsync(
            () => _grain.Acknowledge(position), static answer => answer == AcknowledgeOutcome.Unavailable, cancel).ConfigureAwait(false);
        return outcome != AcknowledgeOutcome.Unavailable ? outcome : throw new MailboxUnavailableException(Outcome.StoreFailed);
    }

    /// <summary>Sets what is not null (spec M11, M15); makes the mailbox.</summary>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask SetOptionsAsync(MailboxOptionsChange change, CancellationToken cancel = default) =>
        GridCalls.Demand(await ChangeAsync(() => _grain.SetOptions(change), cancel).ConfigureAwait(false), Name.ToString());

    /// <returns>Null where the mailbox does not exist.</returns>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<MailboxInfo?> GetAsync(CancellationToken cancel = default)
    {
        var found = await _calls.AskAsync(_grain.Describe, static answer => IsUnknown(answer.Outcome), cancel).ConfigureAwait(false);
        if (found.Outcome != Outcome.NotFound) GridCalls.Demand(found.Outcome, Name.ToString());
        return found.Info;
    }

    /// <summary>Removes the mailbox with its queue and memberships (spec M18).</summary>
    /// <returns>False where it did not exist.</returns>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<bool> DeleteAsync(CancellationToken cancel = default) =>
        Existed(await ChangeAsync(_grain.Remove, cancel).ConfigureAwait(false));

    /// <summary>Deletes one message; readers see no gap (spec M18).</summary>
    /// <returns>False where it did not exist.</returns>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<bool> DeleteMessageAsync(Position position, CancellationToken cancel = default) =>
        Existed(await ChangeAsync(() => _grain.DeleteMessage(position), cancel).ConfigureAwait(false));

    ValueTask<Outcome> ChangeAsync(Func<Task<Outcome>> change, CancellationToken cancel) => _calls.AskAsync(change, IsUnknown, cancel);

    bool Existed(Outcome outcome)
    {
        if (outcome != Outcome.NotFound) GridCalls.Demand(outcome, Name.ToString());
        return outcome != Outcome.NotFound;
    }

    static bool IsUnknown(Outcome outcome) => outcome is Outcome.NotOwner or Outcome.Stopping or Outcome.StoreFailed;
}
