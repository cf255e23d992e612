using System.Diagnostics.Metrics;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// The mailboxes and groups of one process: the rules, the order and the readers. Knows neither HTTP nor a cluster. Every public
/// member is safe to call from any thread.
/// </summary>
public sealed class MailboxEngine : IMailboxGrid, IAsyncDisposable
{
    readonly StoreWriter _writer;
    readonly Sweep _sweep;
    ITimer? _timer;
    int _isMaintaining;
    int _isDisposed;
    int _isStoreFailing;

    /// <summary>Starts an engine on a store. The engine disposes of the store.</summary>
    /// <param name="meters">The host's; null for an engine without one.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the default level is stronger than what the store keeps.</exception>
    public MailboxEngine(IMailboxStore store, EngineOptions options, TimeProvider time, IMeterFactory? meters = null)
        : this(store, Arguments.Checked(options, store.Keeps), new EngineClock(time, store.LastSeen), meters)
    {
        _writer.Start();
        _timer = time.CreateTimer(static engine => ((MailboxEngine)engine!).Maintain(), this, options.MaintainEvery, options.MaintainEvery);
    }

    /// <summary>An engine whose writer runs when a test says so, by <see cref="Step"/>.</summary>
    internal MailboxEngine(IMailboxStore store, EngineOptions options, EngineClock clock, IMeterFactory? meters = null)
    {
        (Store, Options, Clock) = (store, options, clock);
        var batch = new Batch();
        Table = new(store, options, batch);
        Keys = new(store, options, batch);
        Maintenance = new(this);
        Meter = new(this, meters);
        _writer = new(this, batch, Table, options);
        (_sweep, Owned) = (new(this), new(this));
    }

    /// <summary>A fault that the engine survived: a store's failure or a defect. Called by any thread; must not throw.</summary>
    public event Action<Exception>? Faulted;

    /// <summary>The store has committed after it failed. Called in the writer's turn; must not throw.</summary>
    public event Action? Recovered;

    public bool IsReady => _writer.IsOpen;

    internal IMailboxStore Store { get; }

    internal EngineOptions Options { get; }

    internal EngineClock Clock { get; }

    internal MailboxTable Table { get; }

    internal KeyMemory Keys { get; }

    internal Maintenance Maintenance { get; }

    internal EngineMeter Meter { get; }

    internal OwnedMailboxes Owned { get; }

    internal EventFeed Events { get; } = new();

    /// <summary>The last sweep has ended.</summary>
    internal Task Swept { get; private set; } = Task.CompletedTask;

    internal bool HasUnsynced => _writer.HasUnsynced;

    public async ValueTask<DeliverResult> DeliverAsync(MailboxName mailbox, MessageDraft draft, CancellationToken cancel = default) =>
        (await PostAsync(new(draft, [mailbox], [], []), cancel).ConfigureAwait(false)).To[0];

    public async ValueTask<SendResult> SendAsync(
        GroupName group, MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null, CancellationToken cancel = default) =>
        (await PostAsync(new(draft, [], [group], except ?? []), cancel).ConfigureAwait(false)).Groups[0];

    public async ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default)
    {
        Arguments.Check(post);
        var operation = new PostOperation(this, post);
        if (post.Draft.Body.Length > Options.MaxBodyBytes) operation.Fail(Outcome.TooLarge);
        else if ((post.Draft.Durability ?? Options.Durability) > Store.Keeps) operation.Fail(Outcome.NotKept);
        else _writer.Enqueue(operation);
        return await operation.Answer.WaitAsync(cancel).ConfigureAwait(false);
    }

    public async ValueTask<OpenResult> OpenAsync(
        MailboxName mailbox, OpenRequest request, IReaderSignal? signal, CancellationToken cancel = default)
    {
        Arguments.Check(mailbox);
        var operation = new OpenOperation(this, mailbox, request, signal);
        try
        {
            return await AskAsync(operation, cancel).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            _ = operation.CloseOnceOpenedAsync();
            throw;
        }
    }

    public ValueTask<AcknowledgeOutcome> AcknowledgeAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        AskAsync(new Request<AcknowledgeOutcome>(
            batch => Acknowledging.Acknowledge(batch, this, mailbox, position), static _ => AcknowledgeOutcome.Unavailable, relieves: true, mailbox), cancel);

    public ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default)
    {
        Arguments.Check(mailbox);
        return AskAsync(new Request<Outcome>(batch => Configuring.SetOptions(batch, this, mailbox, change), static why => why, relieves: false, mailbox), cancel);
    }

    public async ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default)
    {
        var described = await AskAsync(
            new Request<MailboxInfo?>(batch => Describing.Describe(batch, this, mailbox), ThrowUnavailable<MailboxInfo?>, relieves: true), cancel).ConfigureAwait(false);
        if (described is null || await Store.GroupsOfAsync(mailbox, cancel).ConfigureAwait(false) is not { } groups) return described;
        return described with { Groups = groups };
    }

    public ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        AskAsync(new Request<Outcome>(_ => Removal.RemoveMailbox(this, mailbox), static why => why, relieves: true, mailbox), cancel);

    public ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        AskAsync(new Request<Outcome>(batch => Removal.RemoveMessage(batch, this, mailbox, position), static why => why, relieves: true, mailbox), cancel);

    public ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default)
    {
        Arguments.CheckLimit(limit);
        return new(Store.Names(after, limit));
    }

    public ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default)
    {
        Arguments.Check(group);
        foreach (var member in add) Arguments.Check(member);
        return AskAsync(new MembershipOperation(this, group, add, remove), cancel);
    }

    public ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default)
    {
        Arguments.CheckLimit(limit);
        return AskAsync(new Request<GroupPage?>(_ => Table.Group(group)?.Page(after, limit), ThrowUnavailable<GroupPage?>, relieves: true), cancel);
    }

    public ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default) =>
        AskAsync(new Request<Outcome>(batch => Membership.Remove(batch, this, group), static why => why, relieves: true), cancel);

    public ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, CancellationToken cancel = default) =>
        Uplinking.RunAsync(this, mailbox, request, null, cancel);

    /// <summary>What happens to mailboxes from now on, while somebody reads it (spec M16).</summary>
    public IAsyncEnumerable<MailboxEvent> WatchAsync(CancellationToken cancel = default) => Events.WatchAsync(cancel);

    /// <summary>Refuses what comes, stores what was accepted, and closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
        _timer = null;
        EnqueueMaintenance();
        _writer.Enqueue(new Request<bool>(ReleaseAll, static _ => false));
        await Task.Factory.StartNew(() => _writer.Close(Outcome.Stopping), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        Store.Dispose();
        Meter.Dispose();
    }

    internal bool Step() => _writer.Step();

    internal void Maintain()
    {
        Maintenance.Tick(Clock.Now.ToUnixTimeMilliseconds());
        if (!Options.OwnsAll) Swept = _sweep.RunAsync();
        EnqueueMaintenance();
    }

    void EnqueueMaintenance()
    {
        if (Interlocked.Exchange(ref _isMaintaining, 1) == 0) _writer.Enqueue(Maintenance);
    }

    internal void NoteMaintained() => Volatile.Write(ref _isMaintaining, 0);

    internal void NoteClosed(MailboxReader reader)
    {
        Meter.CountConnection(-1);
        _writer.Enqueue(new LeaveOperation(this, reader));
    }

    internal void Report(Exception fault)
    {
        if (fault is StoreException) Volatile.Write(ref _isStoreFailing, 1);
        Faulted?.Invoke(fault);
    }

    internal void NoteCommitted()
    {
        if (Volatile.Read(ref _isStoreFailing) != 0 && Interlocked.Exchange(ref _isStoreFailing, 0) != 0) Recovered?.Invoke();
    }

    bool ReleaseAll(Batch batch)
    {
        foreach (var mailbox in Table.All)
            lock (mailbox) GiveUp(batch, mailbox);
        batch.Require(Durability.Disk);
        return true;
    }

    void GiveUp(Batch batch, LiveMailbox mailbox)
    {
        if (Options.OwnsAll) Maintenance.ReleaseNumbers(batch, mailbox);
        else Maintenance.HandOver(batch, mailbox);
    }

    internal ValueTask<TAnswer> AskAsync<TAnswer>(AnsweredOperation<TAnswer> operation, CancellationToken cancel)
    {
        _writer.Enqueue(operation);
        return new(operation.Answer.WaitAsync(cancel));
    }

    static TAnswer ThrowUnavailable<TAnswer>(Outcome why) => throw new StoreException($"The grid cannot answer now: {why}.");
}
