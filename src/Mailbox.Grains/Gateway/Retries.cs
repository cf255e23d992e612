namespace Mailbox.Grains;

/// <summary>Repeats calls that a process in the cluster could not answer, until a deadline, where repeating is safe.</summary>
sealed class Retries(TimeProvider time, TimeSpan? deadline = null)
{
    readonly TimeSpan _deadline = deadline ?? TimeSpan.FromSeconds(25);

    /// <param name="call">One attempt.</param>
    /// <param name="isUnanswered">Whether an answer says that nothing was done and to ask again.</param>
    /// <param name="isRepeatable">True where doing it twice is as doing it once. Otherwise only what was surely not done is repeated.</param>
    /// <param name="unanswered">The answer where there is none.</param>
    public ValueTask<T> RunAsync<T>(
        Func<Task<T>> call, Func<T, bool> isUnanswered, bool isRepeatable, T unanswered, CancellationToken cancel) =>
        AskAsync(call, isUnanswered, isRepeatable, _ => unanswered, cancel);

    /// <summary>As <see cref="RunAsync"/>.</summary>
    /// <param name="giveUp">The answer to the fault of the last attempt, where there is no other.</param>
    public async ValueTask<T> AskAsync<T>(
        Func<Task<T>> call, Func<T, bool> isUnanswered, bool isRepeatable, Func<Exception, T> giveUp, CancellationToken cancel)
    {
        var start = time.GetTimestamp();
        Backoff? backoff = null;
        while (true)
        {
            try
            {
                var answer = await call().WaitAsync(cancel).ConfigureAwait(false);
                if (!isUnanswered(answer) || time.GetElapsedTime(start) >= _deadline) return answer;
            }
            catch (Exception fault) when (!cancel.IsCancellationRequested)
            {
                if (!isRepeatable && !IsRejection(fault) || time.GetElapsedTime(start) >= _deadline) return giveUp(fault);
            }
            backoff ??= new(time);
            await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>The call never reached its grain. That a silo is gone says nothing about what it did before.</summary>
    static bool IsRejection(Exception fault) =>
        fault is LimitExceededException or NoSiloException || (fault is OrleansMessageRejectionException and not SiloUnavailableException);
}
