using Mailbox.Grains;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Newsroom;

var builder = Host.CreateApplicationBuilder(args);
builder.Logging.ClearProviders(); // It prints what it does.
builder.UseOrleansClient(client => client.UseLocalhostClustering(builder.Configuration.GetValue("port", 30000)));
builder.UseMailboxGrid(grid => grid.ConnectWithin = TimeSpan.FromSeconds(10));

using var host = builder.Build();
try
{
    await host.StartAsync();
}
catch (MailboxUnavailableException nobody)
{
    Console.Error.WriteLine(nobody.Message);
    return 1;
}
await Editor.WorkAsync(host.Services.GetRequiredService<MailboxGridClient>(), Console.WriteLine);
await host.StopAsync();
return 0;
