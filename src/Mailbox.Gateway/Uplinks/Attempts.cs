namespace Mailbox.Gateway;

/// <summary>The waits between attempts: doubling, with jitter so that those who failed together do not come back together.</summary>
sealed class Attempts(TimeProvider time, TimeSpan first, TimeSpan longest)
{
    int _failures;

    static readonly TimeSpan s_mostAsked = TimeSpan.FromDays(1);

    public Task WaitAsync(CancellationToken cancel) => WaitAsync(TimeSpan.Zero, cancel);

    /// <param name="asked">Not earlier than that, up to a day (<c>Retry-After</c>).</param>
    public Task WaitAsync(TimeSpan asked, CancellationToken cancel)
    {
        var wait = first * Math.Pow(2, Math.Min(_failures++, 30));
        wait = (wait < longest ? wait : longest) * (0.5 + Random.Shared.NextDouble());
        if (asked > s_mostAsked) asked = s_mostAsked;
        return Task.Delay(wait > asked ? wait : asked, time, cancel);
    }

    public void Succeeded() => _failures = 0;
}
