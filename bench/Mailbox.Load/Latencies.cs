namespace Mailbox.Load;

/// <summary>A histogram with buckets of about 2 %. Safe from any thread.</summary>
sealed class Latencies
{
    const double Base = 1.02;
    readonly int[] _counts = new int[1200];

    public void Add(TimeSpan latency) => Interlocked.Increment(ref _counts[BucketOf(latency.TotalMicroseconds)]);

    /// <summary>In microseconds.</summary>
    public double Percentile(double fraction)
    {
        var wanted = fraction * _counts.Sum(count => (long)count);
        long seen = 0;
        for (var i = 0; i < _counts.Length; i++)
            if ((seen += _counts[i]) > wanted) return Math.Pow(Base, i);
        return 0;
    }

    public void Report(Dictionary<string, object> report, string name)
    {
        report[$"{name}_p50_us"] = Percentile(0.5);
        report[$"{name}_p99_us"] = Percentile(0.99);
    }

    int BucketOf(double microseconds) => Math.Min(_counts.Length - 1, (int)(Math.Log(Math.Max(1, microseconds)) / Math.Log(Base)));
}
