using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Which mailboxes are this engine's, where several share a store. Safe from any thread.</summary>
sealed class OwnedMailboxes(MailboxEngine engine)
{
    readonly Takings _takings = new(engine);

    /// <summary>Takes mailboxes; fences off their former owners. Counted: each is to be released as often as it was acquired.</summary>
    /// <exception cref="StoreException">The store cannot be reached.</exception>
    /// <returns>False where the engine is stopping.</returns>
    public async ValueTask<bool> AcquireAsync(IReadOnlyCollection<MailboxName> mailboxes, CancellationToken cancel = default) =>
        await _takings.AcquireAsync(mailboxes, onlyUnowned: false, cancel).ConfigureAwait(false) is not null;

    /// <summary>As <see cref="AcquireAsync"/>, but leaves those that another engine has.</summary>
    /// <returns>Those that are this engine's now, to be released; null where the engine is stopping.</returns>
    public Task<IReadOnlyCollection<MailboxName>?> AcquireUnownedAsync(IReadOnlyCollection<MailboxName> mailboxes, CancellationToken cancel = default) =>
        _takings.AcquireAsync(mailboxes, onlyUnowned: true, cancel);

    /// <summary>Gives mailboxes up once everything before is stored; their readers are told to come back.</summary>
    /// <returns>False where the engine is stopping.</returns>
    public ValueTask<bool> ReleaseAsync(IReadOnlyCollection<MailboxName> mailboxes) =>
        engine.AskAsync(new ReleaseOperation(engine, mailboxes), CancellationToken.None);

    /// <summary>Whether a mailbox is this engine's now.</summary>
    public ValueTask<bool> HasAsync(MailboxName mailbox) =>
        engine.AskAsync(new Request<bool>(_ => engine.Table.Owns(mailbox), static _ => false, relieves: true), CancellationToken.None);

    /// <summary>Removes those of these mailboxes that are due.</summary>
    public ValueTask<bool> LookAtAsync(IReadOnlyCollection<MailboxName> mailboxes) => engine.AskAsync(
        new Request<bool>(
            _ =>
            {
                foreach (var name in mailboxes) engine.Table.Find(name);
                return true;
            },
            static _ => false, relieves: true),
        CancellationToken.None);

    /// <summary>A part of a group send whose members belong to many engines (spec G5, G6, G9).</summary>
    /// <param name="takeUnowned">Members that no other engine owns are taken for the moment.</param>
    /// <returns>One for each member.</returns>
    public async ValueTask<IReadOnlyList<PartOutcome>> SendPartAsync(
        OpenSend send, IReadOnlyList<SendMember> members, bool takeUnowned, CancellationToken cancel = default)
    {
        var taken = takeUnowned ? await TryAcquireAsync([.. members.Select(static member => member.Mailbox)], cancel).ConfigureAwait(false) : [];
        try
        {
            return await engine.AskAsync(new SendPartOperation(engine, send, members), CancellationToken.None).ConfigureAwait(false);
        }
        finally
        {
            if (taken.Count > 0) await ReleaseAsync(taken).ConfigureAwait(false);
        }
    }

    async ValueTask<IReadOnlyCollection<MailboxName>> TryAcquireAsync(IReadOnlyCollection<MailboxName> mailboxes, CancellationToken cancel)
    {
        try
        {
            return await AcquireUnownedAsync(mailboxes, cancel).ConfigureAwait(false) ?? [];
        }
        catch (StoreException fault)
        {
            engine.Report(fault);
            return [];
        }
    }
}
