using System.Collections.Concurrent;

namespace Mailbox.Gateway;

/// <summary>What clients are telling the backend now: a repeated one waits for the first (spec M13). Safe from any thread.</summary>
sealed class UplinksUnderWay
{
    readonly ConcurrentDictionary<string, Task> _asked = new(StringComparer.Ordinal);

    /// <param name="id">Of the uplink: where the client gave a key, the same for each repetition.</param>
    /// <param name="left">Ends the waiting, but not <paramref name="tell"/>.</param>
    public async Task<T> RunAsync<T>(string id, Func<Task<T>> tell, CancellationToken left)
    {
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        while (_asked.GetOrAdd(id, told.Task) is var other && other != told.Task) await other.WaitAsync(left).ConfigureAwait(false);
        try
        {
            return await tell().ConfigureAwait(false);
        }
        finally
        {
            _asked.TryRemove(id, out _);
            told.SetResult();
        }
    }
}
