namespace Mailbox.Grains;

/// <summary>
/// Many deliveries in few calls: one for all where one engine owns them all, else one for each mailbox. What could not be answered is
/// repeated, the rest is not.
/// </summary>
sealed class BatchDelivery
{
    const int MostLetters = 1000;
    const int MostBytes = 1 << 20;

    readonly GridCalls _calls;
    readonly BatchRoute _route;
    readonly IReadOnlyList<Letter> _letters;
    readonly DeliverResult[] _results;
    readonly MessageDraft[] _drafts;

    public BatchDelivery(GridCalls calls, BatchRoute route, IReadOnlyList<Letter> letters)
    {
        (_calls, _route, _letters) = (calls, route, letters);
        _results = new DeliverResult[letters.Count];
        _drafts = new MessageDraft[letters.Count];
        for (var i = 0; i < _drafts.Length; i++)
        {
            if (letters[i].To == default || letters[i].Draft is null)
                throw new ArgumentException("A letter has a mailbox and a draft.", nameof(letters));
            Reserved.Refuse(letters[i].To);
            _drafts[i] = calls.WithKey(letters[i].Draft);
        }
    }

    public async ValueTask<DeliverResult[]> RunAsync(CancellationToken cancel)
    {
        for (var start = 0; start < _letters.Count;)
        {
            var pending = Part(start);
            start += pending.Length;
            await RunAsync(pending, cancel).ConfigureAwait(false);
        }
        return _results;
    }

    async Task RunAsync(int[] pending, CancellationToken cancel)
    {
        var (start, backoff) = (_calls.Time.GetTimestamp(), new Backoff(_calls.Time));
        while (true)
        {
            await _route.DeliverAsync(pending, this, cancel).ConfigureAwait(false);
            if (TakeKeysOff(pending) is { Length: > 0 } bare) await _route.DeliverAsync(bare, this, cancel).ConfigureAwait(false);
            pending = [.. pending.Where(i => GridCalls.IsUnanswered(_results[i].Outcome, _drafts[i]))];
            if (pending.Length == 0 || _calls.Time.GetElapsedTime(start) >= _calls.Deadline) return;
            await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    public MailboxName NameOf(int index) => _letters[index].To;

    public MessageDraft DraftOf(int index) => _drafts[index];

    public void Answer(int index, DeliverResult result) => _results[index] = result;

    int[] Part(int start)
    {
        var (end, bytes) = (start, 0L);
        do bytes += _drafts[end++].Body.Length;
        while (end < _letters.Count && end - start < MostLetters && bytes + _drafts[end].Body.Length <= MostBytes);
        return [.. Enumerable.Range(start, end - start)];
    }

    int[] TakeKeysOff(int[] pending)
    {
        int[] refused = [.. pending.Where(i => _results[i].Outcome == Outcome.TooManyKeys && IsKeyMade(i))];
        if (refused.Length > 0) _calls.KeysAreMany();
        foreach (var i in refused) _drafts[i] = _letters[i].Draft;
        return refused;
    }

    bool IsKeyMade(int index) => !ReferenceEquals(_drafts[index], _letters[index].Draft);
}
