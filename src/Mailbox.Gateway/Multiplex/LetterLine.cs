namespace Mailbox.Gateway;

/// <summary>
/// Posts letters in order without waiting for each: the grid takes them in the order of the calls, and letters that wait together share
/// one commit.
/// </summary>
sealed class LetterLine(IMailboxGrid grid, GatewayMetrics metrics)
{
    const int MaxInFlight = 256;

    readonly List<Letter> _letters = [];
    readonly Queue<(int Index, Task<PostResult> Answer)> _waiting = [];

    public int Count => _letters.Count;

    public async ValueTask PostAsync(PostRequest post)
    {
        if (_waiting.Count == MaxInFlight) await TakeAnswerAsync().ConfigureAwait(false);
        _waiting.Enqueue((_letters.Count, grid.PostAsync(post).AsTask()));
        _letters.Add(new(post, null, null));
    }

    public void Refuse(Problem problem) => _letters.Add(new(null, null, problem));

    /// <summary>Waits for all answers.</summary>
    public async ValueTask<IReadOnlyList<Letter>> FinishAsync()
    {
        while (_waiting.Count > 0) await TakeAnswerAsync().ConfigureAwait(false);
        return _letters;
    }

    async ValueTask TakeAnswerAsync()
    {
        var (index, answer) = _waiting.Dequeue();
        var result = await answer.ConfigureAwait(false);
        _letters[index] = _letters[index] with { Result = result };
        foreach (var target in result.To) metrics.Delivered(target.Outcome);
        foreach (var target in result.Groups) metrics.Sent(target.Outcome);
    }
}
