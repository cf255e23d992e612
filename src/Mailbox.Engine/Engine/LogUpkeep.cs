using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Snapshots and compaction of the partitions, one at a time, beside the commits: what it takes of the state it takes in the writer's turn, in slices.
/// </summary>
sealed class LogUpkeep(MailboxEngine engine) : IDisposable
{
    const int StepBytes = 256 << 10;
    const int StepTargets = 4096;
    const int SlotsAtOnce = 2048;
    const int ContainersAtOnce = 8;

    readonly SemaphoreSlim _one = new(1);
    readonly CancellationTokenSource _stopping = new();
    readonly HashSet<(int, long)> _unreadable = [];
    readonly Dictionary<int, Progress> _progress = [];
    Task _running = Task.CompletedTask;

    /// <summary>False for tests that call it themselves.</summary>
    public bool RunsByItself { get; set; } = true;

    /// <summary>A frame was stored. In the writer's turn.</summary>
    public void NoteFrame(Partition partition)
    {
        if (!_progress.TryGetValue(partition.Number, out var progress)) _progress.Add(partition.Number, progress = new());
        progress.Bytes += partition.Frame.Records.Length + partition.Frame.Bodies.Length;
        if (!RunsByItself || progress.IsDue || progress.Bytes < Math.Max(engine.Options.SnapshotBytes, progress.SnapshotBytes)) return;
        progress.IsDue = true;
        _running = RunAsync(partition, progress, _running);
    }

    /// <summary>The disk is full: what is dead is freed, whether enough was written since or not. Does nothing while it is under way.</summary>
    public void MakeRoom()
    {
        if (!RunsByItself || !_running.IsCompleted) return;
        foreach (var partition in engine.Partitions.Owned) _running = RunAsync(partition, new(), _running);
    }

    /// <summary>Writes snapshots of partitions now.</summary>
    public async Task SnapshotAsync(IReadOnlyList<int> partitions, CancellationToken cancel)
    {
        foreach (var number in partitions)
        {
            if (engine.Partitions[number] is not { } partition) continue;
            await Continuations.EnterAsync(_one, cancel).ConfigureAwait(false);
            try
            {
                await SnapshotAsync(partition, engine.InTurnAsync, cancel).ConfigureAwait(false);
            }
            finally
            {
                _one.Release();
            }
        }
    }

    public async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(false);
    }

    /// <summary>Writes a last snapshot of each partition, when the writer has ended: the next start has nothing to replay.</summary>
    public async Task CloseAsync()
    {
        if (!engine.Log.IsWritable || engine.Log.Keeps == Durability.Memory) return;
        try
        {
            engine.Log.Sync();
            foreach (var partition in engine.Partitions.Owned)
                await SnapshotAsync(partition, static (take, _) => new(take()), CancellationToken.None).ConfigureAwait(false);
        }
        catch (StoreException fault)
        {
            engine.Report(fault);
        }
    }

    public void Dispose()
    {
        _one.Dispose();
        _stopping.Dispose();
    }

    async Task RunAsync(Partition partition, Progress progress, Task before)
    {
        await before.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await Continuations.YieldAsync().ConfigureAwait(false);
        try
        {
            await Continuations.EnterAsync(_one, _stopping.Token).ConfigureAwait(false);
            try
            {
                progress.SnapshotBytes = await SnapshotAsync(partition, engine.InTurnAsync, _stopping.Token).ConfigureAwait(false);
                await CompactAsync(partition, _stopping.Token).ConfigureAwait(false);
            }
            finally
            {
                _one.Release();
            }
        }
        catch (OperationCanceledException)
        {
            // The engine stops, or the partition is another process's or was loaded again.
        }
        catch (StoreException fault)
        {
            // What was stored is whole and goes on; it is tried again after as many bytes.
            engine.Report(fault);
        }
        finally
        {
            (progress.Bytes, progress.IsDue) = (0, false);
        }
    }

    /// <param name="inTurn">Runs something while no frame is outstanding.</param>
    /// <returns>Its bytes.</returns>
    async Task<long> SnapshotAsync(Partition partition, Func<Func<bool>, CancellationToken, ValueTask<bool>> inTurn, CancellationToken cancel)
    {
        ISnapshotWriter? writer = null;
        SnapshotSource? source = null;
        PartitionState? state = null;
        try
        {
            await inTurn(
                () =>
                {
                    CheckOwned(partition, partition.State);
                    state = partition.State;
                    writer = engine.Log.BeginSnapshot(partition.Number);
                    source = new(state, engine.Options.SnapshotSlice);
                    return true;
                },
                cancel).ConfigureAwait(false);
            var slice = new ByteWriter();
            for (var isMore = true; isMore;)
            {
                slice.Clear();
                isMore = await inTurn(() => IsOwned(partition, state!) && source!.TakeSlice(slice), cancel).ConfigureAwait(false);
                if (slice.Length > 0) writer!.Write(slice.Written);
            }
            // One that was loaded again meanwhile has other mailboxes.
            if (!IsOwned(partition, state!)) return 0;
            writer!.Complete(state!.Applied);
            return writer.Length;
        }
        finally
        {
            writer?.Dispose();
        }
    }

    /// <summary>Copies what lives in containers that are mostly dead, and frees them.</summary>
    public async Task CompactAsync(Partition partition, CancellationToken cancel)
    {
        var (state, next) = await engine.InTurnAsync(() => (partition.State, IsOwned(partition, partition.State) ? engine.Log.NextAddress(partition.Number) : 0), cancel).ConfigureAwait(false);
        var covered = (long)(next >> engine.Log.ContainerBits);
        var sizes = await engine.Log.ContainersAsync(partition.Number, cancel).ConfigureAwait(false);
        var victims = await InTurnAsync(
            partition, state,
            () => sizes.Where(size => size.Container < covered && !_unreadable.Contains((partition.Number, size.Container))
                    && state.UsedOf(size.Container) < engine.Options.CompactBelow * size.Bytes)
                .Select(static size => size.Container).Order().ToHashSet(),
            cancel).ConfigureAwait(false);
        if (victims.Count == 0)
        {
            await engine.Log.FreeAsync(partition.Number, [], cancel).ConfigureAwait(false);
            return;
        }
        foreach (var some in victims.Chunk(ContainersAtOnce)) await MoveAsync(partition, state, [.. some], cancel).ConfigureAwait(false);
        // Acknowledgements and removals that emptied a container are synced before it goes: a loss of power must not take them back alone.
        await engine.AskAsync(new SyncOperation(), cancel).ConfigureAwait(false);
        var empty = await InTurnAsync(partition, state, () => victims.Where(container => state.UsedOf(container) == 0).ToList(), cancel).ConfigureAwait(false);
        await engine.Log.FreeAsync(partition.Number, empty, cancel).ConfigureAwait(false);
    }

    /// <summary>The partition is this engine's under the same claim, and was not loaded again. In the writer's turn.</summary>
    bool IsOwned(Partition partition, PartitionState state) => engine.Partitions[partition.Number] == partition && partition.State == state;

    void CheckOwned(Partition partition, PartitionState state)
    {
        if (!IsOwned(partition, state)) throw new OperationCanceledException($"Partition {partition.Number} is not what it was.");
    }

    /// <summary>Reads something in the writer's turn, of a partition that is still what it was: what was taken of its state before means nothing for another.</summary>
    /// <exception cref="OperationCanceledException">It is not.</exception>
    ValueTask<T> InTurnAsync<T>(Partition partition, PartitionState state, Func<T> read, CancellationToken cancel) =>
        engine.InTurnAsync(
            () =>
            {
                CheckOwned(partition, state);
                return read();
            },
            cancel);

    async Task MoveAsync(Partition partition, PartitionState state, HashSet<long> victims, CancellationToken cancel)
    {
        var live = new List<(Location From, Slot<Location> Mailbox, long Sequence, int Size)>();
        for (var place = 0; place >= 0;)
        {
            place = await InTurnAsync(
                partition, state,
                () =>
                {
                    var slots = state.Tables.Slots;
                    var end = Math.Min(slots.End, place + SlotsAtOnce);
                    for (; place < end; place++)
                    {
                        if (slots[place] is not { } mailbox) continue;
                        foreach (ref readonly var entry in mailbox.State.Entries)
                            if (entry.Body.IsStored && victims.Contains(state.ContainerOf(entry.Body))) live.Add((entry.Body, mailbox, entry.Sequence, entry.Size));
                    }
                    return place >= slots.End ? -1 : place;
                },
                cancel).ConfigureAwait(false);
        }
        live.Sort(static (a, b) => a.From.Bits.CompareTo(b.From.Bits));
        var step = new List<(Location From, ReadOnlyMemory<byte> Part, List<MessageTarget> Targets)>();
        var (bytes, targets) = (0L, 0);
        for (var i = 0; i < live.Count;)
        {
            // As it was listed: a message that has gone since is read to no purpose, but whole.
            var (from, size) = (live[i].From, live[i].Size);
            var sharing = new List<MessageTarget>();
            for (; i < live.Count && live[i].From.Equals(from); i++)
                sharing.Add(new(live[i].Mailbox, live[i].Sequence));
            var part = await ReadAsync(partition, state, from, size, cancel).ConfigureAwait(false);
            if (part.IsEmpty) continue;
            step.Add((from, part, sharing));
            (bytes, targets) = (bytes + part.Length, targets + sharing.Count);
            if (bytes < StepBytes && targets < StepTargets) continue;
            await engine.AskAsync(new MoveOperation(engine, partition, state, step), cancel).ConfigureAwait(false);
            step = [];
            (bytes, targets) = (0, 0);
        }
        if (step.Count > 0) await engine.AskAsync(new MoveOperation(engine, partition, state, step), cancel).ConfigureAwait(false);
    }

    /// <returns>Nothing where it is damaged: its container stays as it is.</returns>
    async Task<ReadOnlyMemory<byte>> ReadAsync(Partition partition, PartitionState state, Location from, int size, CancellationToken cancel)
    {
        var part = new ReadOnlyMemory<byte>[1];
        await engine.Log.ReadBodiesAsync(partition.Number, new BodyRange[] { new(from.Address, size + MessageCodec.MaxOverhead) }, part, cancel).ConfigureAwait(false);
        var length = MessageCodec.Check(part[0].Span);
        if (length > 0) return part[0][..length];
        // Another owner may have freed it.
        await InTurnAsync(partition, state, static () => true, cancel).ConfigureAwait(false);
        if (_unreadable.Add((partition.Number, state.ContainerOf(from))))
            engine.Report(new InvalidDataException($"A message at {engine.Log.Describe(partition.Number, from.Address)} cannot be read; what lies beside it is not compacted."));
        return default;
    }

    sealed class Progress
    {
        public long Bytes { get; set; }

        public long SnapshotBytes { get; set; }

        public bool IsDue { get; set; }
    }
}

/// <summary>Copies messages to the end of the log, for those mailboxes that still have them where they were.</summary>
sealed class MoveOperation(MailboxEngine engine, Partition partition, PartitionState state, List<(Location From, ReadOnlyMemory<byte> Part, List<MessageTarget> Targets)> messages) : AnsweredOperation<bool>
{
    public override long Weight => messages.Sum(static message => (long)message.Part.Length);

    public override void Plan(Batch batch)
    {
        Planned = true;
        if (engine.Partitions[partition.Number] != partition || partition.State != state) return;
        foreach (var (from, part, targets) in messages)
        {
            var still = targets.Where(target => target.Mailbox.IsLive && target.Mailbox.State.IndexOf(target.Sequence) is >= 0 and var index
                && target.Mailbox.State.Entries[index].Body.Equals(from)).ToArray();
            if (still.Length == 0) continue;
            var at = batch.CopyBody(partition, part.Span);
            batch.Do(partition, new MessageMovedRecord(from, partition.BodiesAt, at, part.Length, still, still.Length), Durability.Process);
        }
    }

    protected override bool Refuse(Outcome why) => throw new StoreException($"Compaction stopped: {why}.");
}

/// <summary>Everything that was committed survives a loss of power.</summary>
sealed class SyncOperation : AnsweredOperation<bool>
{
    public override void Plan(Batch batch)
    {
        batch.Require(Durability.Disk);
        Planned = true;
    }

    protected override bool Refuse(Outcome why) => throw new StoreException($"The log could not be synced: {why}.");
}
