// Delivers as a .NET backend does, and prints one line of JSON.
// Usage: Mailbox.GridLoad --ports 30000[,30001…] [--mailboxes 1000] [--batch 1] [--callers 64] [--seconds 10] [--bytes 256] [--keys false]
using System.Net;
using System.Text.Json;
using Mailbox.Grains;
using Mailbox.GridLoad;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

var options = new ConfigurationBuilder().AddCommandLine(args).Build().Get<LoadOptions>() ?? new();
var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders();
builder.UseOrleansClient(client => client.UseStaticClustering(
    [.. options.Ports.Split(',').Select(static port => new IPEndPoint(IPAddress.Loopback, int.Parse(port, null)))]));
builder.UseMailboxGrid(grid => grid.MakesKeys = options.Keys);
using var host = builder.Build();
await host.StartAsync();
using var run = new DeliveryRun(host.Services.GetRequiredService<MailboxGridClient>(), options);
Console.WriteLine(JsonSerializer.Serialize(await run.RunAsync()));
await host.StopAsync();
