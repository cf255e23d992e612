using System.Diagnostics.Metrics;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// The mailboxes and groups of one process: the rules, the order and the readers. Knows neither HTTP nor a cluster. Every public
/// member is safe to call from any thread.
/// </summary>
public sealed class MailboxEngine : IMailboxGrid, IAsyncDisposable
{
    const int MostDamageTold = 256;
    const int HeldAtOnce = 10_000;

    readonly Writer _writer;
    readonly SemaphoreSlim _listing = new(1);
    readonly HashSet<(int Partition, ulong Address)> _damageTold = [];
    ITimer? _timer;
    int _isMaintaining;
    int _isDisposed;
    int _isStoreFailing;

    /// <summary>An engine that owns nothing yet, and whose writer runs when a test says so, by <see cref="Step"/>.</summary>
    internal MailboxEngine(ILog log, EngineOptions options, TimeProvider time, IMeterFactory? meters = null)
    {
        (Log, Options, Clock) = (log, options, new(time));
        Partitions = new(log.Partitions);
        Mailboxes = new(this, options);
        Keys = new(Partitions, options);
        Maintenance = new(this);
        Meter = new(this, meters);
        Upkeep = new(this);
        Channels = new(this);
        _writer = new(this, log, options);
    }

    /// <summary>Starts an engine on a log, which it disposes of. Of a log that no other process shares it owns all partitions when this returns.</summary>
    /// <param name="meters">The host's; null for an engine without one.</param>
    /// <exception cref="ArgumentException">An option is out of its range, or the default level is stronger than what the log keeps.</exception>
    /// <exception cref="StoreException">The log cannot be read.</exception>
    internal static async Task<MailboxEngine> StartAsync(
        ILog log, EngineOptions options, TimeProvider time, IMeterFactory? meters = null, CancellationToken cancel = default)
    {
        var engine = new MailboxEngine(log, Arguments.Checked(options, log.Keeps), time, meters);
        engine._writer.Start();
        try
        {
            if (!log.IsShared)
            {
                var begun = time.GetTimestamp();
                await engine.OwnAsync([.. Enumerable.Range(0, log.Partitions)], "", cancel).ConfigureAwait(false);
                log.Notice?.Invoke($"Opened {engine.Partitions.Owned.Sum(static one => one.Tables.Slots.Count)} mailboxes in {time.GetElapsedTime(begun).TotalSeconds:F1} s.");
            }
        }
        catch
        {
            await engine.DisposeAsync().ConfigureAwait(false);
            throw;
        }
        engine._timer = time.CreateTimer(static engine => ((MailboxEngine)engine!).Maintain(), engine, options.MaintainEvery, options.MaintainEvery);
        return engine;
    }

    /// <summary>Starts an engine whose mailboxes live in the memory of this process.</summary>
    public static MailboxEngine InMemory(EngineOptions options, TimeProvider time, IMeterFactory? meters = null)
    {
        // A log in memory is read at once.
        return StartAsync(new MemoryLog(), options, time, meters).GetAwaiter().GetResult();
    }

    /// <summary>A fault that the engine survived: a log's failure or a defect. Called by any thread; must not throw.</summary>
    public event Action<Exception>? Faulted;

    /// <summary>The log has committed after it failed. Called in the writer's turn; must not throw.</summary>
    public event Action? Recovered;

    public bool IsReady => _writer.IsOpen;

    public bool KeepsOrderOfPosts => Partitions.Count == 1;

    internal ILog Log { get; }

    internal EngineOptions Options { get; }

    internal EngineClock Clock { get; }

    internal PartitionTable Partitions { get; }

    internal LiveMailboxes Mailboxes { get; }

    internal Keys Keys { get; }

    internal Maintenance Maintenance { get; }

    internal LogUpkeep Upkeep { get; }

    internal Channels Channels { get; }

    internal EngineMeter Meter { get; }

    internal EventFeed Events { get; } = new();

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
        Post(operation, post);
        return await operation.Answer.WaitAsync(cancel).ConfigureAwait(false);
    }

    /// <param name="answered">As <see cref="AnsweredOperation{T}.Answered"/>.</param>
    internal void Post(PostRequest post, Action<PostResult> answered) => Post(new(this, post) { Answered = answered }, post);

    void Post(PostOperation operation, PostRequest post)
    {
        if (post.Draft.Body.Length > Options.MaxBodyBytes) operation.Fail(Outcome.TooLarge);
        else if ((post.Draft.Durability ?? Options.Durability) > Log.Keeps) operation.Fail(Outcome.NotKept);
        else _writer.Enqueue(operation);
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
        AskAsync(
            new Request<AcknowledgeOutcome>(
                this, mailbox, (batch, partition) => Acknowledging.Acknowledge(batch, this, partition, mailbox, position),
                static _ => AcknowledgeOutcome.Unavailable),
            cancel);

    public ValueTask<Outcome> SetOptionsAsync(MailboxName mailbox, MailboxOptionsChange change, CancellationToken cancel = default)
    {
        Arguments.Check(mailbox);
        return AskAsync(
            new Request<Outcome>(
                this, mailbox,
                (batch, partition) =>
                {
                    if (batch.IsFull) return Outcome.StoreFull;
                    var live = Mailboxes.FindOrMake(batch, partition, mailbox);
                    lock (live) Lifetime.SetOptions(batch, live, change.ApplyTo(live.State.Options));
                    return Outcome.Stored;
                },
                static why => why),
            cancel);
    }

    public ValueTask<MailboxInfo?> GetAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        AskAsync(
            new Request<MailboxInfo?>(this, mailbox, (batch, partition) => Describe(batch, partition, mailbox), ThrowUnavailable<MailboxInfo?>),
            cancel);

    public ValueTask<Outcome> RemoveAsync(MailboxName mailbox, CancellationToken cancel = default) =>
        AskAsync(
            new Request<Outcome>(
                this, mailbox,
                (batch, partition) =>
                {
                    batch.Confirm(partition);
                    if (Mailboxes.Find(batch, partition, mailbox) is not { } live) return Outcome.NotFound;
                    Mailboxes.Remove(batch, live, MailboxEventKind.Deleted);
                    return Outcome.Stored;
                },
                static why => why),
            cancel);

    public ValueTask<Outcome> DeleteMessageAsync(MailboxName mailbox, Position position, CancellationToken cancel = default) =>
        AskAsync(
            new Request<Outcome>(
                this, mailbox, (batch, partition) => DeleteMessage(batch, partition, mailbox, position), static why => why),
            cancel);

    public async ValueTask<IReadOnlyList<MailboxName>> ListAsync(string? after, int limit, CancellationToken cancel = default)
    {
        Arguments.CheckLimit(limit);
        await _listing.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            var names = new List<MailboxName>();
            foreach (var partition in Partitions.Owned) names.AddRange(await NamesOfAsync(partition, after, limit, cancel).ConfigureAwait(false));
            return Partitions.Count == 1 ? names : NameList.FirstOf(names, limit);
        }
        finally
        {
            _listing.Release();
        }
    }

    public ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, CancellationToken cancel = default) =>
        ChangeMembersAsync(group, add, remove, default, cancel);

    /// <param name="key">The same for every attempt at this change, so that it is done once; empty for none.</param>
    internal async ValueTask<MembersResult> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, Guid key, CancellationToken cancel)
    {
        Arguments.Check(group);
        foreach (var member in add) Arguments.Check(member);
        var result = await AskAsync(new MembershipOperation(this, group, add, remove, key), cancel).ConfigureAwait(false);
        if (result.Outcome != Outcome.Stored || Partitions.Count == 1) return result;
        return result with { Count = (await GroupPartAsync(group, null, 1, cancel).ConfigureAwait(false)).Count + await CountElsewhereAsync(group, cancel).ConfigureAwait(false) };
    }

    public async ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel = default)
    {
        Arguments.CheckLimit(limit);
        var part = await GroupPartAsync(group, after, limit, cancel).ConfigureAwait(false);
        return part.Count == 0 ? null : part;
    }

    /// <summary>Of the members of a group, those in partitions of this engine: a page of them, and how many there are.</summary>
    internal ValueTask<GroupPage> GroupPartAsync(GroupName group, string? after, int limit, CancellationToken cancel) =>
        AskAsync(
            new Request<GroupPage>(
                this, default,
                (batch, _) =>
                {
                    var pages = new List<GroupPage>();
                    foreach (var partition in Partitions.Owned)
                    {
                        batch.Confirm(partition);
                        if (partition.Tables.Groups.Find(group) is { } members) pages.Add(members.Page(after, limit));
                    }
                    return MergePages(pages, limit);
                },
                ThrowUnavailable<GroupPage>),
            cancel);

    /// <summary>One page of many, in ordinal order.</summary>
    internal static GroupPage MergePages(IReadOnlyList<GroupPage> pages, int limit)
    {
        if (pages.Count == 1) return pages[0];
        var names = pages.SelectMany(static page => page.Members).ToArray();
        NameList.Sort(names);
        var isMore = names.Length > limit || pages.Any(static page => page.Next is not null);
        if (names.Length > limit) names = names[..limit];
        return new(pages.Sum(static page => page.Count), names, isMore && names.Length > 0 ? names[^1].ToString() : null);
    }

    ValueTask<int> CountElsewhereAsync(GroupName group, CancellationToken cancel) => Channels.Peers is { } peers ? peers.CountAsync(group, cancel) : new(0);

    public ValueTask<Outcome> RemoveGroupAsync(GroupName group, CancellationToken cancel = default) => RemoveGroupAsync(group, default, cancel);

    /// <param name="key">As for a change of members.</param>
    internal async ValueTask<Outcome> RemoveGroupAsync(GroupName group, Guid key, CancellationToken cancel)
    {
        var result = await AskAsync(new MembershipOperation(this, group, [], [], key, removesAll: true), cancel).ConfigureAwait(false);
        return result is { Outcome: Outcome.Stored, Removed: 0 } ? Outcome.NotFound : result.Outcome;
    }

    public ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, CancellationToken cancel = default) =>
        UplinkAsync(mailbox, request, Partitions.Count == 1 ? null : this, cancel);

    /// <param name="takers">How takers in other partitions are reached; null where there is one partition.</param>
    internal ValueTask<UplinkResult> UplinkAsync(MailboxName mailbox, UplinkRequest request, IMailboxGrid? takers, CancellationToken cancel) =>
        Uplinking.RunAsync(this, mailbox, request, takers, cancel);

    /// <summary>What happens to mailboxes from now on, while somebody reads it (spec M16).</summary>
    public IAsyncEnumerable<MailboxEvent> WatchAsync(CancellationToken cancel = default) => Events.WatchAsync(cancel);

    /// <summary>Refuses what comes, stores what was accepted, and closes the log.</summary>
    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) != 0) return;
        if (_timer is not null) await _timer.DisposeAsync().ConfigureAwait(false);
        _timer = null;
        await Upkeep.StopAsync().ConfigureAwait(false);
        EnqueueMaintenance();
        _writer.Enqueue(new Request<bool>(this, default, (batch, _) => HandOverAll(batch), static _ => false));
        await Task.Factory.StartNew(() => _writer.Close(Outcome.Stopping), default, TaskCreationOptions.LongRunning, TaskScheduler.Default).ConfigureAwait(false);
        if (!Log.IsShared) await Upkeep.CloseAsync().ConfigureAwait(false);
        Log.Dispose();
        Meter.Dispose();
        Upkeep.Dispose();
        _listing.Dispose();
    }

    /// <summary>
    /// Claims partitions and loads them: what another process owned before is read once while it may still write, and the rest after the claim.
    /// </summary>
    /// <param name="owner">As <see cref="ILog.ClaimAsync"/>.</param>
    /// <exception cref="StoreException">The log cannot be read; nothing is owned that was not.</exception>
    internal async Task OwnAsync(IReadOnlyList<int> numbers, string owner, CancellationToken cancel = default)
    {
        var replays = numbers.Select(number => new Replay(number, Log.Incarnation, Log.ContainerBits)).ToList();
        var ends = new List<LogEnd>();
        foreach (var replay in replays) ends.Add(await Log.ReadAsync(replay.State.Number, null, replay, cancel).ConfigureAwait(false));
        var claims = (await Log.ClaimAsync(numbers, owner, cancel).ConfigureAwait(false)).ToDictionary(static end => end.Partition, static end => end.Claim);
        for (var i = 0; i < replays.Count && Log.IsShared; i++)
        {
            if (replays[i].State.Incarnation == Log.Incarnation)
            {
                ends[i] = await Log.ReadAsync(numbers[i], ends[i], replays[i], cancel).ConfigureAwait(false);
                continue;
            }
            // The claim has found a restored copy: every epoch is another.
            replays[i] = new(numbers[i], Log.Incarnation, Log.ContainerBits);
            ends[i] = await Log.ReadAsync(numbers[i], null, replays[i], cancel).ConfigureAwait(false);
        }
        for (var i = 0; i < replays.Count; i++)
        {
            // Where the snapshot has everything no frame was read.
            replays[i].State.Applied = ends[i].Sequence;
            Log.Verify(replays[i].State);
        }
        foreach (var replay in replays) Clock.Saw(replay.State.Tables.LastSeen);
        var hasLostNumbers = false;
        foreach (var replay in replays) hasLostNumbers |= replay.Settle(Clock.Now, Log.HasLostPower);
        await AskAsync(new Request<bool>(this, default, (_, _) => Install(replays, claims), static _ => false), cancel).ConfigureAwait(false);
        // Stored beside everything else: a process that ends before leaves them stored as held, and the next one settles them.
        foreach (var replay in replays)
            foreach (var held in replay.WereHeld.Chunk(HeldAtOnce)) _writer.Enqueue(new Request<bool>(this, default, (batch, _) => StoreDeadlines(batch, replay.State, held), static _ => false));
        if (!Log.HasLostPower) return;
        // The numbers that were lost are stored first: from the next start on nothing else tells of them.
        if (hasLostNumbers) await Upkeep.SnapshotAsync(numbers, cancel).ConfigureAwait(false);
        Log.NoteLossStored();
    }

    bool StoreDeadlines(Batch batch, PartitionState state, Slot<Location>[] mailboxes)
    {
        if (Partitions[state.Number] is not { } partition || partition.State != state) return false;
        foreach (var mailbox in mailboxes)
            if (mailbox is { IsLive: true, Live: null }) batch.Do(partition, new DeadlineMovedRecord(mailbox, mailbox.State.Marks.Deadline, mailbox.State.Marks.Held), Durability.Process);
        return true;
    }

    bool Install(List<Replay> replays, Dictionary<int, long> claims)
    {
        foreach (var replay in replays)
        {
            var partition = Partitions[replay.State.Number] = new(replay.State, claims[replay.State.Number]);
            Channels.Attach(partition);
        }
        Channels.PassAll();
        return true;
    }

    /// <summary>Stores what is only in memory and gives partitions up; their readers are told to come back.</summary>
    internal async Task ReleaseAsync(IReadOnlyList<int> numbers)
    {
        await AskAsync(new ReleaseOperation(this, numbers), CancellationToken.None).ConfigureAwait(false);
        await Log.ReleaseAsync(numbers).ConfigureAwait(false);
    }

    /// <summary>The partition is another process's. In the writer's turn.</summary>
    internal void LetGo(Partition partition)
    {
        if (Partitions[partition.Number] != partition) return;
        Partitions[partition.Number] = null;
        Mailboxes.Relink(partition, null, []);
        Channels.Detach(partition.Number);
    }

    /// <summary>The partition is as the log has it, because what was planned could not be stored. In the writer's turn.</summary>
    internal void LoadAgain(Partition partition, IReadOnlyList<(LiveMailbox Mailbox, Ending Why)> removed)
    {
        if (Partitions[partition.Number] != partition) return;
        var replay = new Replay(partition.Number, Log.Incarnation, Log.ContainerBits);
        try
        {
            replay.State.Applied = Log.ReadAsync(partition.Number, null, replay).AsTask().GetAwaiter().GetResult().Sequence;
        }
        catch (Exception fault) when (fault is StoreException or InvalidDataException)
        {
            Report(fault);
            LetGo(partition);
            return;
        }
        replay.Settle(Clock.Now, hasLostPower: false, keepsHeld: true);
        partition.State = replay.State;
        Mailboxes.Relink(partition, replay.State, removed);
        Channels.Attach(partition);
    }

    internal void NoteFrame(Partition partition, DateTimeOffset now)
    {
        partition.State.Applied = partition.Frame.Sequence;
        partition.Tables.Saw(now);
        Upkeep.NoteFrame(partition);
    }

    internal bool Step() => _writer.Step();

    internal void Maintain()
    {
        Maintenance.Tick(Clock.Now.ToUnixTimeMilliseconds());
        EnqueueMaintenance();
        Channels.PassAll();
        if (!Log.IsFull) return;
        Upkeep.MakeRoom();
    }

    internal void Enqueue(Operation operation) => _writer.Enqueue(operation);

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

    /// <summary>What an operator should know of a damaged message, once; its readers are refused every time, because damage is never skipped.</summary>
    internal StoreException Damaged(LiveMailbox mailbox, in MailboxEntry<Location> entry)
    {
        var address = entry.Body.Address;
        var damage = new StoreException(
            $"{Log.Describe(mailbox.Partition.Number, address)} is damaged: it is message {mailbox.PositionOf(entry.Sequence)} of mailbox {mailbox.Name}, whose readers wait until it is deleted.");
        lock (_damageTold)
            if (_damageTold.Count >= MostDamageTold || !_damageTold.Add((mailbox.Partition.Number, address))) return damage;
        Faulted?.Invoke(damage);
        return damage;
    }

    internal ValueTask<TAnswer> AskAsync<TAnswer>(AnsweredOperation<TAnswer> operation, CancellationToken cancel)
    {
        _writer.Enqueue(operation);
        return new(operation.Answer.WaitAsync(cancel));
    }

    MailboxInfo? Describe(Batch batch, Partition partition, MailboxName name)
    {
        batch.Confirm(partition);
        if (Mailboxes.Find(batch, partition, name) is not { } mailbox) return null;
        lock (mailbox)
        {
            foreach (var ended in mailbox.Expired(batch.NowTick) ?? []) batch.RemoveMessage(mailbox, ended, GapReason.Ttl);
            var (state, marks) = (mailbox.State, mailbox.State.Marks);
            var first = state.Count > 0 ? state.Entries[0].Sequence : marks.Tail;
            return new(
                mailbox.PositionOf(first), mailbox.PositionOf(marks.Tail), mailbox.PositionOf(marks.Acknowledged), state.Count, state.Bytes,
                mailbox.Connections, state.Groups, DateTimeOffset.FromUnixTimeMilliseconds(Lifetime.Expires(batch, mailbox)), state.Options);
        }
    }

    Outcome DeleteMessage(Batch batch, Partition partition, MailboxName name, Position position)
    {
        batch.Confirm(partition);
        if (Mailboxes.Find(batch, partition, name) is not { } mailbox || mailbox.Epoch != position.Epoch) return Outcome.NotFound;
        lock (mailbox)
        {
            if (mailbox.State.IndexOf(position.Sequence) < 0) return Outcome.NotFound;
            batch.RemoveMessage(mailbox, position.Sequence, null);
        }
        batch.Require(Durability.Disk);
        return Outcome.Stored;
    }

    /// <summary>The names are copied in slices, so that deliveries need not wait for long, and sorted beside the writer; one call at a time.</summary>
    async ValueTask<IReadOnlyList<MailboxName>> NamesOfAsync(Partition partition, string? after, int limit, CancellationToken cancel)
    {
        const int SliceSlots = 4096;
        while (true)
        {
            var page = await InTurnAsync(
                () => partition.Tables.Names is { IsReady: true } names ? names.Page(after, limit, name => partition.Tables.Find(name) is not null) : null, cancel).ConfigureAwait(false);
            if (page is not null) return page;
            var tables = partition.Tables;
            var end = await InTurnAsync(
                () =>
                {
                    tables.Names.Begin();
                    return tables.Slots.End;
                },
                cancel).ConfigureAwait(false);
            var names = new List<MailboxName>(end);
            for (var from = 0; from < end; from += SliceSlots)
            {
                await InTurnAsync(
                    () =>
                    {
                        for (var place = from; place < Math.Min(end, from + SliceSlots); place++)
                            if (tables.Slots[place] is { } slot) names.Add(slot.Name);
                        return true;
                    },
                    cancel).ConfigureAwait(false);
            }
            var sorted = names.ToArray();
            NameList.Sort(sorted);
            await InTurnAsync(
                () =>
                {
                    tables.Names.Complete(sorted);
                    return true;
                },
                cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Reads something in the writer's turn, while no frame is outstanding: all that it sees is stored.</summary>
    internal ValueTask<T> InTurnAsync<T>(Func<T> read, CancellationToken cancel)
    {
        var operation = new ReadOperation<T>(read);
        _writer.Enqueue(operation);
        return new(operation.Answer.WaitAsync(cancel));
    }

    bool HandOverAll(Batch batch)
    {
        foreach (var mailbox in Mailboxes.All)
        {
            lock (mailbox)
            {
                if (Log.IsShared) Maintenance.HandOver(batch, mailbox);
                else Maintenance.ReleaseNumbers(batch, mailbox);
            }
        }
        batch.Require(Durability.Disk);
        return true;
    }

    static TAnswer ThrowUnavailable<TAnswer>(Outcome why) => throw new StoreException($"The grid cannot answer now: {why}.");
}

/// <summary>Partitions are given up: what is only in memory is stored, and then they are let go.</summary>
sealed class ReleaseOperation(MailboxEngine engine, IReadOnlyList<int> numbers) : AnsweredOperation<bool>
{
    public override void Plan(Batch batch)
    {
        foreach (var mailbox in engine.Mailboxes.All)
        {
            if (!numbers.Contains(mailbox.Partition.Number)) continue;
            lock (mailbox) Maintenance.HandOver(batch, mailbox);
        }
        batch.Require(Durability.Disk);
        Planned = true;
    }

    public override void Succeed(Batch batch)
    {
        LetGo();
        base.Succeed(batch);
    }

    /// <summary>What could not be stored is lost to the next owner as in a crash.</summary>
    public override void Fail(Outcome why)
    {
        // Of an engine that stops nothing is left to let go, and this is not the writer's turn.
        if (why != Outcome.Stopping) LetGo();
        base.Fail(why);
    }

    protected override bool Refuse(Outcome why) => false;

    void LetGo()
    {
        foreach (var number in numbers)
            if (engine.Partitions[number] is { } partition) engine.LetGo(partition);
    }
}
