// A backend in .NET that does what it is told by lines on its standard input, all at once, and answers each with a line when it is done.
// Usage: Mailbox.Proof.Backend CLUSTER PORT...
//   N deliver MAILBOX KEY|- BODY                   N done POSITION
//   N send GROUP KEY|- EXCEPTED,...|- BODY         N done STORED
//   N join|leave GROUP MAILBOX,...                 N done
//   whatever was refused, or had no answer         N refused WHY, N unavailable WHY
using System.Globalization;
using System.Net;
using Mailbox.Grains;
using Mailbox.Proof.Backend;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

IPEndPoint[] silos = [.. args[1..].Select(static port => new IPEndPoint(IPAddress.Loopback, int.Parse(port, CultureInfo.InvariantCulture)))];
var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders().AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
builder.UseOrleansClient(client => client.UseStaticClustering(silos).Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = args[0]));
// Longer than any fault of the proof: whatever has no answer by then has none at all.
builder.UseMailboxGrid(static grid => grid.Deadline = TimeSpan.FromSeconds(60));
using var host = builder.Build();
await host.StartAsync();
var orders = new Orders(host.Services.GetRequiredService<MailboxGridClient>(), Console.Out);
while (await Console.In.ReadLineAsync() is { } line) _ = orders.TakeAsync(line);
await host.StopAsync();
