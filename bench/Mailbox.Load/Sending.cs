namespace Mailbox.Load;

/// <summary>Sends messages by a few senders, each waiting for its answer, or at a rate.</summary>
static class Sending
{
    /// <param name="send">Sends message number i.</param>
    /// <returns>How long each waited for its answer.</returns>
    public static async Task<Latencies> SendAsync(LoadOptions options, int count, Func<int, Task> send)
    {
        var latencies = new Latencies();
        using var pace = options.Rate > 0 ? new PeriodicTimer(TimeSpan.FromSeconds(1.0 / options.Rate)) : null;
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = options.Senders }, async (i, cancel) =>
        {
            if (pace is not null) await pace.WaitForNextTickAsync(cancel);
            var start = TimeProvider.System.GetTimestamp();
            await send(i);
            latencies.Add(TimeProvider.System.GetElapsedTime(start));
        });
        return latencies;
    }
}
