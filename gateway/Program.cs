using Mailbox.Clustering;
using Mailbox.Gateway;
using Mailbox.Grains;
using Mailbox.Hosting;

// A process that holds connections; the mailboxes are in the silos of its cluster.
return await HostRun.RunAsync(() =>
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    // Where it listens is told by the server.
    builder.Services.Configure<ConsoleLifetimeOptions>(static console => console.SuppressStatusMessages = true);
    var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
    var gateway = settings.Read<GatewayOptions>();
    var backend = settings.ReadBackend();
    settings.NeedTokenKey(gateway, backend);
    var node = settings.ReadGateway();
    settings.ReadAddresses(builder.Configuration);
    settings.Check();

    builder.UseOrleans(silo => silo.UseNode(node).AddMailboxGateway());
    builder.Services.AddMailboxes(gateway);
    builder.Services.AddBackend(backend);
    builder.Services.AddGatewayServer();
    builder.Services.AddTelemetry(builder.Configuration);

    var app = builder.Build();
    app.MapHost();
    return app;
});
