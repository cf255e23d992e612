namespace Mailbox.Grains;

/// <summary>One of many deliveries.</summary>
public readonly record struct Letter(MailboxName To, MessageDraft Draft)
{
    /// <exception cref="ArgumentException">The text is not a mailbox name.</exception>
    public Letter(string to, MessageDraft draft) : this(MailboxName.Parse(to), draft)
    {
    }
}

/// <summary>
/// Deliveries of a backend, many in one call: those of a list in its order; single ones as they come, those that come while calls are under way together in the
/// next. A silo takes each call and passes on what other silos own. What could not be answered is repeated, the rest is not. Safe from any thread.
/// </summary>
sealed class Deliveries(GridCalls calls)
{
    const int MostLetters = 1000;
    const int MostBytes = 1 << 20;

    // Enough that a call's answer and the next call's way overlap; few enough that calls are full when many callers wait.
    const int MostCalls = 4;

    readonly Queue<(Letter Letter, TaskCompletionSource<DeliverResult> Answer)> _waiting = new();
    int _running;

    /// <summary>One message for one mailbox.</summary>
    /// <exception cref="MailboxUnavailableException">Nobody answered in time.</exception>
    public async ValueTask<DeliverResult> DeliverOneAsync(Letter letter, CancellationToken cancel)
    {
        var answer = new TaskCompletionSource<DeliverResult>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_waiting)
        {
            _waiting.Enqueue((letter, answer));
            if (_running < MostCalls)
            {
                _running++;
                _ = Task.Run(SendAsync, CancellationToken.None);
            }
        }
        var result = await answer.Task.WaitAsync(cancel).ConfigureAwait(false);
        return result.Outcome is not (Outcome.NotOwner or Outcome.Stopping or Outcome.StoreFailed) ? result : throw new MailboxUnavailableException(result.Outcome);
    }

    /// <summary>A list, in order, in calls of bounded size one after the other.</summary>
    public async ValueTask<DeliverResult[]> DeliverListAsync(IReadOnlyList<Letter> letters, CancellationToken cancel)
    {
        foreach (var letter in letters)
        {
            if (letter.To == default || letter.Draft is null) throw new ArgumentException("A letter has a mailbox and a draft.", nameof(letters));
            Reserved.Refuse(letter.To);
        }
        var results = new List<DeliverResult>(letters.Count);
        while (results.Count < letters.Count)
        {
            var part = new List<Letter>();
            var bytes = 0L;
            for (var i = results.Count; i < letters.Count && Admits(part.Count, bytes, letters[i]); i++)
            {
                part.Add(letters[i]);
                bytes += letters[i].Draft.Body.Length;
            }
            var call = new Call(calls, part, null);
            await call.AttemptAsync(cancel).ConfigureAwait(false);
            await call.RepeatAsync(cancel).ConfigureAwait(false);
            results.AddRange(call.Results);
        }
        return [.. results];
    }

    static bool Admits(int count, long bytes, in Letter next) => count == 0 || (count < MostLetters && bytes + next.Draft.Body.Length <= MostBytes);

    async Task SendAsync()
    {
        while (true)
        {
            var letters = new List<Letter>();
            var answers = new List<TaskCompletionSource<DeliverResult>>();
            lock (_waiting)
            {
                for (var bytes = 0L; _waiting.TryPeek(out var next) && Admits(letters.Count, bytes, next.Letter); bytes += next.Letter.Draft.Body.Length)
                {
                    _waiting.Dequeue();
                    letters.Add(next.Letter);
                    answers.Add(next.Answer);
                }
                if (letters.Count == 0)
                {
                    _running--;
                    return;
                }
            }
            var call = new Call(calls, letters, answers);
            await call.AttemptAsync(CancellationToken.None).ConfigureAwait(false);
            // Beside the next call: one letter that nobody can answer keeps no other waiting.
            _ = call.RepeatAsync(CancellationToken.None);
        }
    }

    /// <summary>Letters that go together, and again those that could not be answered.</summary>
    /// <param name="answers">One for each letter, answered as soon as it is known; null where the results are read at the end.</param>
    sealed class Call(GridCalls calls, List<Letter> letters, List<TaskCompletionSource<DeliverResult>>? answers)
    {
        readonly MessageDraft[] _drafts = [.. letters.Select(letter => calls.WithKey(letter.Draft))];
        readonly long _start = calls.Time.GetTimestamp();
        int[] _pending = [.. Enumerable.Range(0, letters.Count)];

        public DeliverResult[] Results { get; } = new DeliverResult[letters.Count];

        public async Task RepeatAsync(CancellationToken cancel)
        {
            var backoff = new Backoff(calls.Time);
            while (_pending.Length > 0)
            {
                await backoff.WaitAsync(cancel).ConfigureAwait(false);
                await AttemptAsync(cancel).ConfigureAwait(false);
            }
        }

        public async Task AttemptAsync(CancellationToken cancel)
        {
            await DeliverAsync(_pending, cancel).ConfigureAwait(false);
            // A key that this client made must not be why a delivery is refused.
            int[] keyless = [.. _pending.Where(i => Results[i].Outcome == Outcome.TooManyKeys && !ReferenceEquals(_drafts[i], letters[i].Draft))];
            if (keyless.Length > 0)
            {
                calls.KeysAreMany();
                foreach (var i in keyless) _drafts[i] = letters[i].Draft;
                await DeliverAsync(keyless, cancel).ConfigureAwait(false);
            }
            var isOver = calls.Time.GetElapsedTime(_start) >= calls.Deadline;
            var again = new List<int>();
            foreach (var i in _pending)
            {
                if (!isOver && GridCalls.IsUnanswered(Results[i].Outcome, _drafts[i])) again.Add(i);
                else answers?[i].TrySetResult(Results[i]);
            }
            _pending = [.. again];
        }

        async Task DeliverAsync(int[] some, CancellationToken cancel)
        {
            var drafts = Array.ConvertAll(some, i => _drafts[i]);
            var batch = new DeliveryBatch(Array.ConvertAll(some, i => letters[i].To), drafts);
            var results = await calls.AskAsync(
                () => calls.Grid.Deliver(batch), Array.TrueForAll(drafts, static draft => draft.IdempotencyKey is not null),
                fault => Array.ConvertAll(some, _ => new DeliverResult(fault is null ? Outcome.NotOwner : Outcome.StoreFailed)), cancel).ConfigureAwait(false);
            for (var i = 0; i < some.Length; i++) Results[some[i]] = results[i];
        }
    }
}
