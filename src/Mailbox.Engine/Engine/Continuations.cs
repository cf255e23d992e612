namespace Mailbox.Engine;

/// <summary>
/// Where the code that awaits an answer of the engine goes on: on the thread pool, or, in a simulation, in a queue whose order the simulation
/// chooses. Never in the turn of the writer that gives the answer.
/// </summary>
static class Continuations
{
    /// <summary>Runs each action once, later. Null in production; set before the first engine is made.</summary>
    public static Action<Action>? Queue { get; set; }

    public static TaskCompletionSource<TAnswer> Source<TAnswer>() => new(Options);

    public static TaskCompletionSource Source() => new(Options);

    static TaskCreationOptions Options => Queue is null ? TaskCreationOptions.RunContinuationsAsynchronously : TaskCreationOptions.None;

    public static void Answer<TAnswer>(this TaskCompletionSource<TAnswer> source, TAnswer answer)
    {
        if (Queue is null) source.TrySetResult(answer);
        else AnswerLater(source, answer);
    }

    public static void Answer(this TaskCompletionSource source)
    {
        if (Queue is { } queue) queue(() => source.TrySetResult());
        else source.TrySetResult();
    }

    public static void Fault<TAnswer>(this TaskCompletionSource<TAnswer> source, Exception fault)
    {
        if (Queue is { } queue) queue(() => source.TrySetException(fault));
        else source.TrySetException(fault);
    }

    /// <summary>The caller goes on later.</summary>
    public static async Task YieldAsync()
    {
        if (Queue is not { } queue)
        {
            await Task.Yield();
            return;
        }
        var later = new TaskCompletionSource();
        queue(later.SetResult);
        await later.Task.ConfigureAwait(false);
    }

    /// <summary>Waits for a semaphore's turn; a simulation looks again and again, because a semaphore's waiter goes on on the thread pool.</summary>
    public static async Task EnterAsync(SemaphoreSlim semaphore, CancellationToken cancel)
    {
        if (Queue is null) await semaphore.WaitAsync(cancel).ConfigureAwait(false);
        else while (!semaphore.Wait(0, cancel)) await YieldAsync().ConfigureAwait(false);
    }

    /// <summary>A task that several await: of several continuations a task puts some on the thread pool, so a simulation looks again and again.</summary>
    public static Task Shared(Task task) => Queue is null ? task : PollAsync(task);

    static async Task PollAsync(Task task)
    {
        while (!task.IsCompleted) await YieldAsync().ConfigureAwait(false);
    }

    // Apart, because a closure is allocated where its method begins: production answers without one.
    static void AnswerLater<TAnswer>(TaskCompletionSource<TAnswer> source, TAnswer answer) => Queue!(() => source.TrySetResult(answer));
}
