using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Station 3: takes what is queued, plans it, commits it with one write and one sync, and publishes it; while it commits the next
/// batch collects (group commit without a timer). Everything that changes a mailbox goes through here, so there is one order for
/// deliveries, sends, memberships and opens (spec M3, M9, G3, G5). It has a thread; but one batch at a time may be another's, who
/// asked for something brief while nothing else was to do (<see cref="Urgency.Brief"/>).
/// </summary>
sealed class StoreWriter
{
    readonly MailboxEngine _engine;
    readonly Batch _batch;
    readonly MailboxTable _table;
    readonly IMailboxStore _store;
    readonly OperationQueue _queue;
    readonly List<Operation> _running = [];
    IReadOnlyCollection<MailboxName> _doubted = [];
    Thread? _thread;

    public StoreWriter(MailboxEngine engine, Batch batch, MailboxTable table, EngineOptions options)
    {
        (_engine, _batch, _table, _store) = (engine, batch, table, engine.Store);
        _queue = new(options.MaxQueuedBytes);
    }

    public void Start()
    {
        _queue.LendsTurn = _store.CommitsAtOnce;
        _thread = new(Run) { IsBackground = true, Name = "Mailbox store writer" };
        _thread.Start();
    }

    /// <summary>Something was stored that power loss could still take back. The writer's turn.</summary>
    public bool HasUnsynced { get; private set; }

    public bool IsOpen => _queue.IsOpen && _store.IsWritable;

    /// <summary>Queues an operation, or fails it at once where that is refused. A brief one may be done when this returns.</summary>
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
            // Some have been told what became of the batch and some have not: nothing can go on from here, on whosever thread it is.
            Environment.FailFast("A batch could be neither published nor taken back.", fault);
        }
        _queue.EndTurn();
    }

    /// <summary>Plans, commits and publishes one batch. False where nothing was queued.</summary>
    public bool Step()
    {
        if (!_queue.TakeBatch(_running)) return false;
        Finish(Attempt());
        return true;
    }

    Outcome Attempt()
    {
        try
        {
            _batch.Begin(_engine.Clock.Now);
            foreach (var operation in _running) operation.Plan(_batch);
            TellSubscribers.Plan(_batch, _engine);
            Commit();
            return Outcome.Stored;
        }
        catch (StoreFullException)
        {
            return Outcome.StoreFull;
        }
        catch (UncertainStoreException fault)
        {
            _doubted = _batch.Names();
            _engine.Report(fault);
            return Outcome.StoreFailed;
        }
        catch (Exception fault)
        {
            // A failed store says so for ever after by IsWritable; anything else is a fault in a rule. Nothing of the batch is stored,
            // everything of it is taken back, and the writer goes on with the next.
            _engine.Report(fault);
            return Outcome.StoreFailed;
        }
    }

    void Commit()
    {
        var durability = _batch.Records.Durability;
        if (_batch.Records.Records.Count > 0) _store.Commit(_batch.Records);
        else if (durability == Durability.Disk) _store.Sync();
        else return;
        _engine.NoteCommitted();
        if (durability != Durability.Memory) HasUnsynced = durability < Durability.Disk;
    }

    void Finish(Outcome outcome)
    {
        if (outcome == Outcome.Stored) Publish();
        else GiveBack(outcome);
        _batch.Clear();
        _running.Clear();
    }

    void Publish()
    {
        if (_batch.Records.Fenced is { } fenced) _table.DropFenced(fenced);
        _engine.Keys.Publish();
        Publication.Publish(_batch, _engine);
        _engine.Meter.Batches++;
        _engine.Meter.Operations += _running.Count;
        foreach (var operation in _running) operation.Succeed(_batch);
    }

    /// <summary>Takes the plan back. On a full disk what only frees or marks is tried again by itself.</summary>
    void GiveBack(Outcome why)
    {
        Undo();
        foreach (var operation in _running)
            if (why != Outcome.StoreFull || !operation.Relieves) operation.Fail(why);
        _running.RemoveAll(operation => why != Outcome.StoreFull || !operation.Relieves);
        if (_running.Count == 0) return;
        _batch.Records.MayUseReserve = true;
        var retried = Attempt();
        if (retried == Outcome.Stored)
        {
            Publish();
            return;
        }
        Undo();
        foreach (var operation in _running) operation.Fail(retried);
    }

    void Undo()
    {
        // The last first: each finds what it left.
        for (var i = _running.Count - 1; i >= 0; i--) _running[i].Withdraw();
        _batch.Undo();
        _table.Undo();
        _engine.Keys.Undo();
        Publication.Recall(_batch);
        _batch.Clear();
        foreach (var name in _doubted) _table.Forget(name);
        _doubted = [];
    }
}
