using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Station 3: takes what is queued, plans it, commits it with one write and one sync, and publishes it; while it commits the next
/// batch collects (group commit without a timer). Everything that changes a mailbox goes through here, so there is one order for
/// deliveries, sends, memberships and opens (spec M3, M9, G3, G5). It has a thread; but one batch at a time may be written by a thread
/// that asks for something brief while nothing else is to do (<see cref="Priority.Inline"/>).
/// </summary>
sealed class Writer
{
    readonly MailboxEngine _engine;
    readonly ILog _log;
    readonly Batch _batch;
    readonly OperationQueue _queue;
    readonly List<Operation> _running = [];
    bool _isInDoubt;
    Thread? _thread;

    public Writer(MailboxEngine engine, ILog log, EngineOptions options)
    {
        (_engine, _log, _batch) = (engine, log, new(log));
        _queue = new(options.MaxQueuedBytes) { MostBytesInBatch = Math.Max(options.MaxQueuedBytes / 4, options.MaxBodyBytes) };
    }

    public void Start()
    {
        _queue.AllowsInlineCommit = _log.CommitsAtOnce;
        _thread = new(Run) { IsBackground = true, Name = "Mailbox writer" };
        _thread.Start();
    }

    /// <summary>Something was stored that power loss could still take back. The writer's turn.</summary>
    public bool HasUnsynced { get; private set; }

    public bool IsOpen => _queue.IsOpen && _log.IsWritable && !Volatile.Read(ref _isInDoubt);

    /// <summary>Queues an operation, or fails it at once where that is refused. An inline one may be done when this returns.</summary>
    public void Enqueue(Operation operation)
    {
        var refusal = _queue.TryAdd(operation, out var isTurnTaken);
        if (refusal != Outcome.Stored) operation.Fail(refusal);
        if (isTurnTaken) WriteInTurn();
    }

    /// <summary>Refuses what comes from now on and returns when what is queued is done.</summary>
    public void Close(Outcome refusal)
    {
        _queue.Close(refusal);
        _thread?.Join();
        while (Step()) { }
    }

    void Run()
    {
        while (_queue.AwaitTurn()) WriteInTurn();
    }

    void WriteInTurn()
    {
        try
        {
            Step();
        }
        catch (Exception fault)
        {
            // Some have been told what became of the batch and some have not: nothing can go on from here, on whatever thread it is.
            Environment.FailFast("A batch could be neither published nor taken back.", fault);
        }
        _queue.EndTurn();
    }

    /// <summary>Plans, commits and publishes one batch. False where nothing was queued.</summary>
    public bool Step()
    {
        if (!_queue.TakeBatch(_running)) return false;
        if (_isInDoubt) TrySettle();
        if (_isInDoubt || !_log.IsWritable)
            foreach (var operation in _running) operation.Fail(Outcome.StoreFailed);
        else Write();
        _running.Clear();
        return true;
    }

    void Write()
    {
        var outcome = Outcome.Stored;
        try
        {
            _batch.Begin(_engine.Clock.Now);
            foreach (var operation in _running) operation.Plan(_batch);
            EventRecording.Plan(_batch, _engine);
            Commit();
            Publish();
            foreach (var operation in _running) operation.Succeed(_batch);
            PassOn();
            LetGoFenced();
            _batch.Clear();
            return;
        }
        catch (StoreFullException)
        {
            outcome = Outcome.StoreFull;
        }
        catch (UncertainStoreException fault)
        {
            Volatile.Write(ref _isInDoubt, true);
            _engine.Report(fault);
            outcome = Outcome.StoreFailed;
        }
        catch (Exception fault) when (!_isPublishing)
        {
            // A failed log says so for ever after by IsWritable; anything else is a fault in a rule. Nothing of the batch is stored.
            _engine.Report(fault);
            outcome = Outcome.StoreFailed;
        }
        // The last first: each finds what it left.
        for (var i = _running.Count - 1; i >= 0; i--) _running[i].Withdraw();
        if (!_isInDoubt) Forget();
        foreach (var operation in _running) operation.Fail(outcome);
    }

    bool _isPublishing;

    void Commit()
    {
        var durability = _batch.Frames.Durability;
        if (_batch.Frames.Frames.Count > 0) Store();
        else if (durability == Durability.Disk) _log.Sync();
        else return;
        _engine.NoteCommitted();
        if (durability != Durability.Memory) HasUnsynced = durability < Durability.Disk;
    }

    /// <summary>The batch that finds the disk full is the last one that is stored with what the log keeps back; from the next on growth is refused.</summary>
    void Store()
    {
        try
        {
            _log.Commit(_batch.Frames);
        }
        catch (StoreFullException) when (!_batch.Frames.MayUseReserve)
        {
            _batch.Frames.MayUseReserve = true;
            _log.Commit(_batch.Frames);
        }
    }

    /// <summary>What was stored becomes visible, and readers that wait for it are told.</summary>
    void Publish()
    {
        _isPublishing = true;
        foreach (var partition in _batch.Partitions)
        {
            partition.IsFenced = partition.Frame.Outcome == FrameOutcome.Fenced;
            if (!partition.IsFenced) _engine.NoteFrame(partition, _batch.Now);
        }
        foreach (var mailbox in _batch.Touched)
        {
            if (mailbox.IsGone || mailbox.Partition.IsFenced)
            {
                lock (mailbox) mailbox.EndLosing();
                continue;
            }
            lock (mailbox)
            {
                mailbox.Committed = mailbox.State.Marks.Tail;
                mailbox.EndLosing();
                mailbox.EvictBodies();
            }
            Notify(mailbox);
        }
        foreach (var (mailbox, why) in _batch.Removed)
            foreach (var reader in mailbox.Readers.ToArray()) reader.End(mailbox.Partition.IsFenced ? Ending.Moved : why);
        foreach (var happened in _batch.Events)
        {
            if (happened.Kind == MailboxEventKind.Expired) _engine.Meter.Expired++;
            _engine.Events.Publish(happened);
        }
        _engine.Meter.Batches++;
        _engine.Meter.Operations += _running.Count;
        _isPublishing = false;
    }

    static void Notify(LiveMailbox mailbox)
    {
        foreach (var reader in mailbox.Readers)
        {
            bool tell;
            lock (mailbox) tell = reader.TryClearWaiting();
            if (tell) reader.Notify();
        }
    }

    /// <summary>What was started for other partitions goes on its way, unless an operation that waits for the answer has sent it.</summary>
    void PassOn()
    {
        foreach (var (source, id) in _batch.Started)
            if (!source.IsFenced) _engine.Channels.StartUnlessPending(source, id);
    }

    void LetGoFenced()
    {
        foreach (var partition in _batch.Partitions)
            if (partition.IsFenced) _engine.LetGo(partition);
    }

    /// <summary>The batch is not stored: its partitions are as the log has them. Their readers stay where the mailbox is still there.</summary>
    void Forget()
    {
        foreach (var partition in _batch.Partitions)
        {
            _engine.LoadAgain(partition, _batch.Removed);
            foreach (var mailbox in _engine.Mailboxes.All)
                if (mailbox.Partition == partition) Notify(mailbox);
        }
        foreach (var mailbox in _batch.Touched)
            lock (mailbox) mailbox.EndLosing();
        _batch.Clear();
    }

    /// <summary>Finds out whether the last batch is stored. Those who asked were told that it is unknown.</summary>
    void TrySettle()
    {
        try
        {
            _log.SettleAsync(_batch.Frames).AsTask().GetAwaiter().GetResult();
        }
        catch (StoreException fault)
        {
            _engine.Report(fault);
            return;
        }
        Volatile.Write(ref _isInDoubt, false);
        if (_batch.Partitions.All(static partition => partition.Frame.Outcome != FrameOutcome.Void))
        {
            _engine.NoteCommitted();
            Publish();
            PassOn();
            LetGoFenced();
            _batch.Clear();
            return;
        }
        foreach (var partition in _batch.Partitions)
            if (partition.Frame.Outcome == FrameOutcome.Fenced) _engine.LetGo(partition);
        Forget();
    }
}
