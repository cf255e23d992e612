// A backend in .NET that does what it is told by lines on its standard input, all at once, and answers each with a line when it is done.
// Usage: Mailbox.Proof.Backend CLUSTER DATABASE PORT (of the one silo, where there is no database)
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

var (cluster, database, silo) = (args[0], args[1], new IPEndPoint(IPAddress.Loopback, int.Parse(args[2], CultureInfo.InvariantCulture)));
var builder = Host.CreateApplicationBuilder();
builder.Logging.ClearProviders().AddConsole(static console => console.LogToStandardErrorThreshold = LogLevel.Trace).SetMinimumLevel(LogLevel.Warning);
builder.UseOrleansClient(client => (database.Length == 0
    ? client.UseStaticClustering(silo)
    : client.UseAdoNetClustering(silos => (silos.Invariant, silos.ConnectionString) = ("Npgsql", database + ";Search Path=mailbox")))
    .Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = cluster));
// Longer than any fault of the proof: whatever has no answer by then has none at all.
builder.UseMailboxGrid(static grid => grid.Deadline = TimeSpan.FromSeconds(60));
using var host = builder.Build();
await host.StartAsync();
var orders = new Orders(host.Services.GetRequiredService<MailboxGridClient>(), Console.Out);
while (await Console.In.ReadLineAsync() is { } line) _ = orders.TakeAsync(line);
await host.StopAsync();
