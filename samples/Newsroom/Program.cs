using Mailbox.Grains;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Newsroom;

var builder = Host.CreateApplicationBuilder(args);
builder.UseOrleansClient(client => client.UseLocalhostClustering());
builder.UseMailboxGrid();

using var host = builder.Build();
await host.StartAsync();
await Editor.WorkAsync(host.Services.GetRequiredService<MailboxGridClient>(), Console.WriteLine);
await host.StopAsync();
