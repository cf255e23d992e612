namespace Mailbox.Load;

/// <summary>Readers that come back, one after the other, to what waited for them.</summary>
static class ReopenRun
{
    public static async Task<Dictionary<string, object>> RunAsync(LoadOptions options, Client client)
    {
        var server = new ServerUse(options.Pids);
        var (first, last) = (new Latencies(), new Latencies());
        var total = options.Messages * options.Mailboxes;
        await Sending.SendAsync(options, total, i =>
            client.DeliverAsync(i % options.Mailboxes, Payload.Make(i / options.Mailboxes, options.Size), CancellationToken.None));
        await Task.Delay(options.Settle, TimeProvider.System);
        var cpu = server.Cpu;
        for (var reader = 0; reader < options.Readers; reader++) await DrainAsync(options, client, reader, first, last);
        var report = new Dictionary<string, object> { ["cpu_us_per_delivery"] = (server.Cpu - cpu) / total };
        first.Report(report, "ttfb");
        last.Report(report, "ttlast");
        return report;
    }

    static async Task DrainAsync(LoadOptions options, Client client, int reader, Latencies first, Latencies last)
    {
        var (start, left) = (TimeProvider.System.GetTimestamp(), options.Messages);
        await foreach (var _ in client.ReadAsync(reader, "?from=oldest", () => first.Add(TimeProvider.System.GetElapsedTime(start)), CancellationToken.None))
            if (--left == 0) break;
        last.Add(TimeProvider.System.GetElapsedTime(start));
    }
}
