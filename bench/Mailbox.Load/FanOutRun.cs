namespace Mailbox.Load;

/// <summary>Sends to a group whose members are all held.</summary>
static class FanOutRun
{
    public static async Task<Dictionary<string, object>> RunAsync(LoadOptions options, Client client)
    {
        using var end = new CancellationTokenSource();
        var server = new ServerUse(options.Pids);
        var readers = new Readers(options, client);
        await readers.OpenAsync(end.Token);
        await Task.Delay(options.Settle, TimeProvider.System);
        var (cpu, start) = (server.Cpu, TimeProvider.System.GetTimestamp());
        await Sending.SendAsync(options, options.Messages, i => client.SendToGroupAsync(Payload.Make(i, options.Size), end.Token));
        await readers.AllDeliveredAsync();
        var (used, took) = (server.Cpu - cpu, TimeProvider.System.GetElapsedTime(start));
        var report = new Dictionary<string, object>
        {
            ["cpu_us_per_delivery"] = used / readers.Delivered,
            ["deliveries_per_s"] = readers.Delivered / took.TotalSeconds,
        };
        readers.Report(report);
        await end.CancelAsync();
        return report;
    }
}
