namespace Mailbox.Gateway;

/// <summary>The waits between attempts: doubling, with jitter so that those who failed together do not come back together.</summary>
sealed class Attempts(TimeProvider time, TimeSpan first, TimeSpan longest)
{
    int _failures;

    public Task WaitAsync(CancellationToken cancel)
    {
        var wait = first * Math.Pow(2, Math.Min(_failures++, 30));
        return Task.Delay((wait < longest ? wait : longest) * (0.5 + Random.Shared.NextDouble()), time, cancel);
    }

    public void Succeeded() => _failures = 0;
}
