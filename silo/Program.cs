using Mailbox.Clustering;
using Mailbox.Engine;
using Mailbox.Gateway;
using Mailbox.Grains;
using Mailbox.Hosting;

// One process: a silo that owns mailboxes, with its store, and a gateway beside it.
return await HostRun.RunAsync(() =>
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    // Where it listens is told by the server.
    builder.Services.Configure<ConsoleLifetimeOptions>(static console => console.SuppressStatusMessages = true);
    var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
    var host = settings.Read<ServerOptions>();
    var gateway = settings.Read<GatewayOptions>();
    var backend = settings.ReadBackend();
    var engine = settings.Read<EngineOptions>();
    var node = settings.ReadSilo();
    if (node.HasDatabase) settings.NeedTokenKey(gateway, backend);
    settings.ReadAddresses(builder.Configuration);
    settings.Check();

    if (node.HasDatabase) builder.Services.AddDatabase(node);
    else builder.Services.AddJournal(host);
    builder.Services.AddSingleton(engine);
    builder.UseOrleans(silo => silo.UseNode(node).AddMailboxGrains(ownsAll: !node.HasDatabase));
    builder.Services.AddMailboxes(gateway);
    builder.Services.AddBackend(backend);
    builder.Services.AddGatewayServer();
    builder.Services.AddTelemetry(builder.Configuration);
    builder.Services.AddDemo(host);

    var app = builder.Build();
    app.MapHost();
    if (!node.HasDatabase) app.MapBackups(host);
    return app;
});
