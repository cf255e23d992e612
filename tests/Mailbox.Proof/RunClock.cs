namespace Mailbox.Proof;

/// <summary>The time since the run began, the same for whoever does, reads and breaks something.</summary>
sealed class RunClock(TimeProvider time)
{
    readonly long _start = time.GetTimestamp();

    public TimeProvider Time => time;

    public TimeSpan Now => time.GetElapsedTime(_start);

    /// <summary>A pace, or how long a fault lasts; never a way to wait for something to be true.</summary>
    public Task PaceAsync(TimeSpan duration, CancellationToken cancel) => Task.Delay(duration, time, cancel);

    /// <returns>Whether it became true while there was patience.</returns>
    public async Task<bool> UntilAsync(Func<Task<bool>> isTrue, TimeSpan patience, CancellationToken cancel)
    {
        var last = Now + patience;
        while (!await isTrue())
        {
            if (Now > last) return false;
            await PaceAsync(TimeSpan.FromMilliseconds(50), cancel);
        }
        return true;
    }

    public Task<bool> UntilAsync(Func<bool> isTrue, TimeSpan patience, CancellationToken cancel) =>
        UntilAsync(() => Task.FromResult(isTrue()), patience, cancel);
}
