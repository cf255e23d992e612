namespace Mailbox.Load;

/// <summary>What a held connection costs: CPU to open it, memory, CPU while nothing happens.</summary>
static class HoldRun
{
    public static async Task<Dictionary<string, object>> RunAsync(LoadOptions options, Client client)
    {
        using var end = new CancellationTokenSource();
        var server = new ServerUse(options.Pids);
        var (memory, cpu) = (server.Memory, server.Cpu);
        await new Readers(options, client).OpenAsync(end.Token);
        var connected = server.Cpu;
        await Task.Delay(options.Settle, TimeProvider.System);
        var settled = server.Cpu;
        await Task.Delay(options.Hold, TimeProvider.System);
        var report = new Dictionary<string, object>
        {
            ["pss_bytes_per_conn"] = (server.Memory - memory) / options.Readers,
            ["connect_cpu_us_per_conn"] = (connected - cpu) / options.Readers,
            ["idle_cpu_pct"] = (server.Cpu - settled) / Math.Max(1, options.Hold.TotalMicroseconds) * 100,
        };
        await end.CancelAsync();
        return report;
    }
}
