namespace Mailbox.Grains;

/// <summary>Waits between attempts, doubling, with jitter so that those who failed together do not come back together.</summary>
sealed class Backoff(TimeProvider time)
{
    static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(20);
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(2);

    TimeSpan _next = s_first;

    public Task WaitAsync(CancellationToken cancel)
    {
        var wait = _next * (0.5 + Random.Shared.NextDouble());
        _next = _next * 2 < s_longest ? _next * 2 : s_longest;
        return Task.Delay(wait, time, cancel);
    }
}
