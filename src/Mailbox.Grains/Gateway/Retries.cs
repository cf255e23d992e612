namespace Mailbox.Grains;

/// <summary>Repeats calls that a process in the cluster could not answer, until a deadline, where repeating is safe.</summary>
sealed class Retries(TimeProvider time, ISiloGate gate, TimeSpan? deadline = null)
{
    readonly TimeSpan _deadline = deadline ?? TimeSpan.FromSeconds(25);

    /// <param name="call">One attempt.</param>
    /// <param name="isUnanswered">Whether an answer says that nothing was done and to ask again.</param>
    /// <param name="isRepeatable">True where doing it twice is as doing it once. Otherwise only what was surely not done is repeated.</param>
    /// <param name="giveUp">
    /// The answer where there is none: to the fault of an attempt that may have been done all the same, or to null where nothing was done.
    /// </param>
    public async ValueTask<T> AskAsync<T>(
        Func<Task<T>> call, Func<T, bool> isUnanswered, bool isRepeatable, Func<Exception?, T> giveUp, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        Backoff? backoff = null;
        Exception? uncertain = null;
        var (isAnswered, last) = (false, default(T));
        while (await gate.PassAsync(_deadline - time.GetElapsedTime(start), cancel).ConfigureAwait(false))
        {
            try
            {
                var answer = await call().WaitAsync(gate.Lost).WaitAsync(cancel).ConfigureAwait(false);
                if (!isUnanswered(answer) || time.GetElapsedTime(start) >= _deadline) return answer;
                (isAnswered, last) = (true, answer);
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                if (!IsRejection(fault)) uncertain = fault;
                if (!isRepeatable && uncertain is not null || time.GetElapsedTime(start) >= _deadline) return giveUp(fault);
            }
            await PauseAsync(backoff ??= new(time), cancel).ConfigureAwait(false);
        }
        return isAnswered && uncertain is null ? last! : giveUp(uncertain);
    }

    async Task PauseAsync(Backoff backoff, CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, gate.Lost);
        await backoff.WaitAsync(either.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancel.ThrowIfCancellationRequested();
    }

    /// <summary>The call never reached its grain. That a silo is gone says nothing about what it did before.</summary>
    static bool IsRejection(Exception fault) =>
        fault is LimitExceededException or NoSiloException || (fault is OrleansMessageRejectionException and not SiloUnavailableException);
}

/// <summary>The cluster has no silo that owns mailboxes, as far as is known here: nothing was asked of anybody.</summary>
sealed class NoSiloException(Exception cause) : Exception("No silo of the cluster has mailboxes.", cause);

/// <summary>Waits between attempts, doubling, with jitter so that those who failed together do not come back together. For one caller at a time.</summary>
/// <param name="longest">2 s where nothing is said.</param>
sealed class Backoff(TimeProvider time, TimeSpan? longest = null)
{
    static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(20);

    readonly TimeSpan _longest = longest ?? TimeSpan.FromSeconds(2);
    TimeSpan _next = s_first;

    public Task WaitAsync(CancellationToken cancel)
    {
        var wait = _next * (0.5 + Random.Shared.NextDouble());
        _next = _next * 2 < _longest ? _next * 2 : _longest;
        return Task.Delay(wait, time, cancel);
    }
}
