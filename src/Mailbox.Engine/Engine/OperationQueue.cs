namespace Mailbox.Engine;

/// <summary>
/// What waits for the writer, and whose turn it is to write: one has it at a time. Safe from any thread.
/// </summary>
/// <param name="maxBytes">Bodies that may wait.</param>
sealed class OperationQueue(long maxBytes)
{
    const int MostInBatch = 4096;

    readonly object _gate = new();
    readonly Queue<Operation> _queued = new();
    readonly Queue<Operation> _deferred = new();
    long _bytes;
    bool _isTurnTaken;
    Outcome _closed;

    /// <summary>The caller of an <see cref="Priority.Inline"/> operation may take the turn; else it is the writer's thread's alone. Set before that starts.</summary>
    public bool AllowsInlineCommit { get; set; }

    /// <summary>The bytes of bodies of one batch, but for its first.</summary>
    public long MostBytesInBatch { get; init; } = long.MaxValue;

    public bool IsOpen => _closed == Outcome.Stored;

    /// <summary>Deferred operations wait for a batch, but no more of them than one batch takes.</summary>
    bool HasWork => _queued.Count > 0 || _deferred.Count >= MostInBatch;

    /// <param name="isTurnTaken">The caller is to write one batch, and then to end the turn.</param>
    /// <returns><see cref="Outcome.Stored"/> where it was added, else why not.</returns>
    public Outcome TryAdd(Operation operation, out bool isTurnTaken)
    {
        isTurnTaken = false;
        lock (_gate)
        {
            if (!IsOpen) return _closed;
            // One is always taken: a body may be larger than all that may wait.
            if (operation.Weight > 0 && _bytes > 0 && _bytes + operation.Weight > maxBytes) return Outcome.Overloaded;
            _bytes += operation.Weight;
            if (operation.Priority == Priority.Deferred)
            {
                _deferred.Enqueue(operation);
                if (_deferred.Count == MostInBatch && !_isTurnTaken) Monitor.Pulse(_gate);
                return Outcome.Stored;
            }
            _queued.Enqueue(operation);
            if (_queued.Count > 1 || _isTurnTaken) return Outcome.Stored;
            if (AllowsInlineCommit && operation.Priority == Priority.Inline) isTurnTaken = _isTurnTaken = true;
            else Monitor.Pulse(_gate);
            return Outcome.Stored;
        }
    }

    /// <summary>For the writer's thread: returns when it has the turn.</summary>
    /// <returns>False where the queue is closed and nothing is left.</returns>
    public bool AwaitTurn()
    {
        lock (_gate)
        {
            while (_isTurnTaken || (!HasWork && IsOpen)) Monitor.Wait(_gate);
            return _isTurnTaken = HasWork;
        }
    }

    /// <summary>What came meanwhile is for the writer's thread.</summary>
    public void EndTurn()
    {
        lock (_gate)
        {
            _isTurnTaken = false;
            if (HasWork || !IsOpen) Monitor.Pulse(_gate);
        }
    }

    /// <summary>Takes what the next batch is made of. For whoever has the turn.</summary>
    /// <returns>False where nothing waits.</returns>
    public bool TakeBatch(List<Operation> into)
    {
        lock (_gate)
        {
            var bytes = 0L;
            while (into.Count < MostInBatch && _queued.TryPeek(out var next) && (bytes == 0 || bytes + next.Weight <= MostBytesInBatch))
            {
                into.Add(_queued.Dequeue());
                bytes += next.Weight;
            }
            _bytes -= bytes;
            // Beside those of the queue, not instead: what opens also closes, so the deferred ones come as fast as the others.
            for (var left = MostInBatch; left > 0 && _deferred.TryDequeue(out var operation); left--)
            {
                into.Add(operation);
                _bytes -= operation.Weight;
            }
            return into.Count > 0;
        }
    }

    /// <summary>Refuses what comes from now on.</summary>
    public void Close(Outcome refusal)
    {
        lock (_gate)
        {
            if (IsOpen) _closed = refusal;
            Monitor.Pulse(_gate);
        }
    }
}
