namespace Mailbox.Load;

/// <summary>Deliveries to many mailboxes that nobody reads.</summary>
static class PublishRun
{
    static readonly TimeSpan s_trail = TimeSpan.FromMilliseconds(300);

    public static async Task<Dictionary<string, object>> RunAsync(LoadOptions options, Client client)
    {
        var server = new ServerUse(options.Pids);
        var (memory, cpu, start) = (server.Memory, server.Cpu, TimeProvider.System.GetTimestamp());
        var answers = await Sending.SendAsync(options, options.Messages, i =>
            client.DeliverAsync(i % options.Mailboxes, Payload.Make(i / options.Mailboxes, options.Size), CancellationToken.None));
        var took = TimeProvider.System.GetElapsedTime(start);
        await Task.Delay(s_trail, TimeProvider.System);
        var report = new Dictionary<string, object>
        {
            ["pub_cpu_us_per_msg"] = (server.Cpu - cpu) / options.Messages,
            ["pub_pss_bytes_per_msg"] = (server.Memory - memory) / options.Messages,
            ["accepted_per_s"] = options.Messages / took.TotalSeconds,
        };
        answers.Report(report, "pub");
        return report;
    }
}
