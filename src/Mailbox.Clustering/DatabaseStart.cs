using Mailbox.Storage;
using Npgsql;

namespace Mailbox.Clustering;

/// <summary>
/// Waits, when a process starts, for a database that does not answer yet: it may be starting itself or failing over. What a database answers is none of
/// its business: whoever asks next says what is wrong.
/// </summary>
/// <param name="notice">Told once that it waits.</param>
sealed class DatabaseStart(TimeProvider time, Action<string> notice)
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    static string Patience => $"{s_patience.TotalSeconds} s";

    /// <exception cref="StoreException">It has not answered for so long.</exception>
    public Task AwaitAsync(NpgsqlDataSource database, CancellationToken cancel) => AwaitAsync(
        async stop =>
        {
            await using var connection = await database.OpenConnectionAsync(stop).ConfigureAwait(false);
        },
        cancel);

    /// <param name="connect">Fails where the database does not answer.</param>
    internal async Task AwaitAsync(Func<CancellationToken, Task> connect, CancellationToken cancel)
    {
        var since = time.GetTimestamp();
        for (var isTold = false; await FaultOfAsync(connect, cancel).ConfigureAwait(false) is { } fault; isTold = true)
        {
            if (time.GetElapsedTime(since) >= s_patience) throw new StoreException($"The cluster's database has not answered for {Patience}: {fault.Message}", fault);
            if (!isTold) notice($"The cluster's database does not answer, and is tried for {Patience}: {fault.Message}");
            await Task.Delay(s_pause, time, cancel).ConfigureAwait(false);
        }
    }

    static async Task<NpgsqlException?> FaultOfAsync(Func<CancellationToken, Task> connect, CancellationToken cancel)
    {
        try
        {
            await connect(cancel).ConfigureAwait(false);
            return null;
        }
        catch (NpgsqlException fault)
        {
            return fault.IsTransient ? fault : null;
        }
    }
}
