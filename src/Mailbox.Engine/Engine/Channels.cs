using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Passes operations from partition to partition (<see cref="ChannelState"/>): to one of this engine by its writer, to another process's by
/// <see cref="IPartitionPeers"/>. What is not answered is passed again. Safe from any thread.
/// </summary>
sealed class Channels(MailboxEngine engine)
{
    readonly Lock _gate = new();
    readonly Dictionary<(int Source, long Id), PendingOperation> _pending = [];
    readonly Dictionary<(int Source, int Target), Channel> _channels = [];

    /// <summary>How other processes are reached; null where this engine owns all partitions.</summary>
    public IPartitionPeers? Peers { get; set; }

    /// <summary>An operation that was started is stored: it is on its way. In the writer's turn.</summary>
    /// <param name="done">Called once, by any thread, with the sum of the answers; with null where the partition was lost before.</param>
    public void Start(Partition source, long id, Action<OperationAnswer?>? done)
    {
        if (engine.Partitions[source.Number] != source)
        {
            // It was given up in the batch that started the operation: its next owner passes it.
            done?.Invoke(null);
            return;
        }
        if (!source.State.Channels.Open.TryGetValue(id, out var open)) return;
        lock (_gate)
        {
            var pending = new PendingOperation(source.Number, id, open);
            if (done is not null) pending.Done += done;
            _pending.Add((source.Number, id), pending);
            foreach (var (target, number) in open.Targets)
            {
                var channel = ChannelOf(source.Number, target);
                channel.Open.Add(number, pending);
                channel.Unsettled.Add(number);
            }
        }
        foreach (var (target, _) in open.Targets) Pass(source.Number, target);
    }

    /// <summary>Waits for an operation that is on its way.</summary>
    /// <returns>False where it has ended.</returns>
    public bool TryAwait(int source, long id, Action<OperationAnswer?> done)
    {
        PendingOperation? pending;
        lock (_gate)
        {
            if (!_pending.TryGetValue((source, id), out pending)) return false;
            if (!pending.IsAnswered)
            {
                pending.Done += done;
                return true;
            }
        }
        // All have answered, and the end is not recorded yet.
        done(pending.Sum);
        return true;
    }

    /// <summary>The partition was loaded, or loaded again: what its log holds as open is passed on. In the writer's turn.</summary>
    public void Attach(Partition source)
    {
        foreach (var id in source.State.Channels.Open.Keys.ToList()) StartUnlessPending(source, id);
    }

    /// <summary>An operation that is stored goes on its way, unless one that waits for its answer has sent it. In the writer's turn.</summary>
    public void StartUnlessPending(Partition source, long id)
    {
        lock (_gate)
            if (_pending.ContainsKey((source.Number, id))) return;
        Start(source, id, null);
    }

    /// <summary>The partition is another process's: who waits is told that it is unknown.</summary>
    public void Detach(int source)
    {
        List<PendingOperation> lost;
        lock (_gate)
        {
            lost = [.. _pending.Values.Where(pending => pending.Source == source)];
            foreach (var pending in lost) Remove(pending);
            foreach (var key in _channels.Keys.Where(key => key.Source == source).ToList()) _channels.Remove(key);
        }
        foreach (var pending in lost)
            if (!pending.IsAnswered) pending.Done?.Invoke(null);
    }

    /// <summary>Passes everything again that waits for an owner of its target.</summary>
    public void PassAll()
    {
        List<(int Source, int Target)> waiting;
        lock (_gate) waiting = [.. _channels.Where(static pair => pair.Value.Open.Count > 0 && pair.Value.Passed < pair.Value.Open.Keys.Last()).Select(static pair => pair.Key)];
        foreach (var (source, target) in waiting) Pass(source, target);
    }

    /// <summary>The target has answered operations of a source.</summary>
    public void Answer(int source, int target, IReadOnlyList<(long Number, OperationAnswer Answer)> answers)
    {
        var ended = new List<PendingOperation>();
        lock (_gate)
        {
            if (!_channels.TryGetValue((source, target), out var channel)) return;
            foreach (var (number, answer) in answers)
            {
                if (!channel.Open.Remove(number, out var pending)) continue;
                if (!pending.TryAnswer(target, answer)) continue;
                ended.Add(pending);
            }
        }
        foreach (var pending in ended)
        {
            // Recorded with the next batch. Until then it stands in the log as open, where a repeated key finds it.
            engine.Enqueue(new EndOperation(engine, pending));
            pending.Done?.Invoke(pending.Sum);
        }
    }

    /// <summary>The operations could not be applied now: they are passed again.</summary>
    public void Fail(int source, int target)
    {
        lock (_gate)
            if (_channels.TryGetValue((source, target), out var channel)) channel.Passed = 0;
    }

    /// <summary>The operation has ended, durably.</summary>
    public void End(PendingOperation pending)
    {
        lock (_gate) Remove(pending);
    }

    void Remove(PendingOperation pending)
    {
        _pending.Remove((pending.Source, pending.Id));
        foreach (var (target, number) in pending.Operation.Targets)
            if (_channels.TryGetValue((pending.Source, target), out var channel)) channel.Unsettled.Remove(number);
    }

    void Pass(int source, int target)
    {
        PassedOperations passed;
        lock (_gate)
        {
            if (!_channels.TryGetValue((source, target), out var channel)) return;
            var next = channel.Open.Where(pair => pair.Key > channel.Passed).Select(static pair => (pair.Key, pair.Value.Operation.Operation)).ToList();
            if (next.Count == 0) return;
            channel.Passed = next[^1].Key;
            // The target keeps an answer until that is recorded here: whoever loads the partition before asks for it again.
            passed = new(source, target, channel.Unsettled.Min, next);
        }
        if (engine.Partitions[target] is not null) engine.Enqueue(new ApplyOperation(engine, passed, answers => Answered(passed, answers)));
        else if (Peers is { } peers) peers.Pass(passed);
        else Fail(source, target);
    }

    void Answered(PassedOperations passed, IReadOnlyList<(long Number, OperationAnswer Answer)>? answers)
    {
        if (answers is not null) Answer(passed.Source, passed.Target, answers);
        if (answers is null || answers.Count < passed.Operations.Count) Fail(passed.Source, passed.Target);
    }

    Channel ChannelOf(int source, int target)
    {
        if (!_channels.TryGetValue((source, target), out var channel)) _channels.Add((source, target), channel = new());
        return channel;
    }

    sealed class Channel
    {
        /// <summary>What the target has not answered.</summary>
        public SortedDictionary<long, PendingOperation> Open { get; } = [];

        /// <summary>That, and what it has answered and whose end is not recorded.</summary>
        public SortedSet<long> Unsettled { get; } = [];

        /// <summary>The last number that is on its way; 0 to begin again.</summary>
        public long Passed { get; set; }
    }
}

/// <summary>How partitions of other processes are reached.</summary>
interface IPartitionPeers
{
    /// <summary>Passes operations to the owner of their target, once and in order with others for it; ends in <see cref="Channels.Answer"/> or <see cref="Channels.Fail"/>.</summary>
    void Pass(PassedOperations operations);

    /// <summary>Members of a group in all partitions that are not this engine's.</summary>
    ValueTask<int> CountAsync(GroupName group, CancellationToken cancel);
}

/// <param name="Settled">The source has recorded the answers of everything before this number.</param>
/// <param name="Operations">In order of their numbers.</param>
sealed record PassedOperations(int Source, int Target, long Settled, IReadOnlyList<(long Number, PartitionOperation Operation)> Operations);

/// <summary>An operation whose targets have not all answered. Guarded by the channels' lock.</summary>
sealed class PendingOperation(int source, long id, StartedOperation operation)
{
    readonly HashSet<int> _waiting = [.. operation.Targets.Select(static target => target.Partition)];

    public int Source => source;

    public long Id => id;

    public StartedOperation Operation => operation;

    public OperationAnswer Sum { get; private set; } = operation.Local;

    /// <summary>Partitions in which the group has no members any more.</summary>
    public List<int> Empty { get; } = [];

    /// <summary>Called when all have answered. It is not changed after that.</summary>
    public Action<OperationAnswer?>? Done { get; set; }

    public bool IsAnswered => _waiting.Count == 0;

    /// <returns>Whether all have answered now.</returns>
    public bool TryAnswer(int target, OperationAnswer answer)
    {
        if (!_waiting.Remove(target)) return false;
        Sum = Sum.With(answer);
        if (answer.Third == 0) Empty.Add(target);
        return _waiting.Count == 0;
    }
}

/// <summary>Records that an operation has ended: targets may forget their answers, and the key of a send is remembered with its answer.</summary>
sealed class EndOperation(MailboxEngine engine, PendingOperation pending) : Operation
{
    public override Priority Priority => Priority.Deferred;

    public override void Plan(Batch batch)
    {
        if (engine.Partitions[pending.Source] is not { } partition || !partition.State.Channels.Open.ContainsKey(pending.Id)) return;
        batch.Do(partition, new OperationEndedRecord(pending.Id), Durability.Process);
        switch (pending.Operation.Operation)
        {
            case SendPartition { Key: { } key }:
                var (members, stored) = (pending.Sum.First, pending.Sum.Second);
                if (stored > 0) engine.Keys.RememberUntil(batch, partition, key.Key, new(key.Digest, 0, (ulong)members, stored, members - stored, 0), key.Expires);
                break;
            case MembersPartition change:
                foreach (var (target, number) in pending.Operation.Targets)
                    if (pending.Empty.Contains(target)) GroupHomes.Clear(batch, engine, partition, change.Group, target, number);
                break;
        }
    }

    public override void Succeed(Batch batch) => engine.Channels.End(pending);

    /// <summary>
    /// It stays open in the log, and its end is recorded with a later batch. Nothing is passed on here: while the batch is in doubt the state
    /// holds operations that may never be stored.
    /// </summary>
    public override void Fail(Outcome why)
    {
        if (why != Outcome.Stopping && engine.Partitions[pending.Source] is not null) engine.Enqueue(new EndOperation(engine, pending));
        else engine.Channels.End(pending);
    }
}

/// <summary>Applies operations that another partition has passed, each once, in order.</summary>
/// <param name="answered">Called once with the answers; with null where the partition is not this engine's or nothing could be stored.</param>
sealed class ApplyOperation(MailboxEngine engine, PassedOperations passed, Action<IReadOnlyList<(long Number, OperationAnswer Answer)>?> answered) : Operation
{
    readonly List<(long Number, OperationAnswer Answer)> _answers = [];
    Partition? _partition;

    public override long Weight => passed.Operations.Sum(static one => one.Operation.Weight);

    public override void Plan(Batch batch)
    {
        _partition = engine.Partitions[passed.Target];
        if (_partition is null) return;
        var applied = _partition.State.Channels.From(passed.Source);
        applied.Forget(passed.Settled);
        foreach (var (number, operation) in passed.Operations)
        {
            if (number <= applied.Last)
            {
                _answers.Add((number, applied.Kept.GetValueOrDefault(number)));
                continue;
            }
            if (number != applied.Last + 1 || (batch.IsFull && NeedsRoom(operation, passed.Target))) break;
            var answer = Apply(batch, _partition, operation, number);
            batch.Do(_partition, new OperationAppliedRecord(passed.Source, number, answer), Durability.Disk);
            _answers.Add((number, answer));
        }
        // A repeated answer is the former owner's too, unless a commit shows that the partition is still this engine's.
        batch.Confirm(_partition);
    }

    static bool NeedsRoom(PartitionOperation operation, int target) =>
        operation is SendPartition or ForwardPartition || (operation is MembersPartition members && members.Parts[target].Add.Count > 0);

    OperationAnswer Apply(Batch batch, Partition partition, PartitionOperation operation, long number)
    {
        switch (operation)
        {
            case MembersPartition members:
                return Memberships.Apply(batch, engine, partition, members.Group, members.Parts[partition.Number]);
            case SendPartition send:
                var sent = GroupSending.Send(batch, engine, partition, send.Message, [.. send.Except], send.Idle, Durability.Disk, null, send.Copy);
                return new(sent.Members, sent.Stored, partition.Tables.Groups.Find(send.Message.Group!.Value)?.Count ?? 0);
            case EmptiedPartition emptied:
                GroupHomes.Clear(batch, engine, partition, emptied.Group, passed.Source, emptied.Through);
                return default;
            case ForwardPartition forward:
                GroupHomes.Send(batch, engine, partition, forward.Message, [], null, Durability.Disk, null, 0, null);
                return default;
            case SubscribedPartition subscribed:
                batch.Do(partition, new SubscribersKnownRecord(subscribed.HasSubscribers), Durability.Disk);
                return default;
            default:
                throw new InvalidOperationException($"{operation.Kind} of {number} is no operation.");
        }
    }

    public override void Succeed(Batch batch) => answered(_partition is null or { IsFenced: true } ? null : _answers);

    public override void Fail(Outcome why) => answered(null);
}
