using Mailbox.Clustering;
using Mailbox.Engine;
using Mailbox.Gateway;
using Mailbox.Grains;
using Mailbox.Hosting;

// One process: a silo that owns mailboxes, with its store, and a gateway beside it.
const string What = """
    A mailbox server: a silo that owns mailboxes, its store, and a gateway, in one process.

      --Mailbox:Data DIR                      the directory of the journal (data)
      --Mailbox:Demo true                     writes prices to the group ticker, for the page at /
      --Mailbox:Cluster:ClientPort PORT       lets .NET backends connect
      --Mailbox:Cluster:Database CONNECTION   a PostgreSQL database that silos share, instead of a journal
    """;

return await HostRun.RunAsync(args, What, () =>
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    // Where it listens is told by the server.
    builder.Services.Configure<ConsoleLifetimeOptions>(static console => console.SuppressStatusMessages = true);
    var settings = builder.ReadSettings(args);
    var host = settings.Read<ServerOptions>();
    var gateway = settings.Read<GatewayOptions>();
    var backend = settings.ReadBackend();
    var engine = settings.Read<EngineOptions>();
    var node = settings.ReadSilo();
    if (node.HasDatabase) settings.NeedTokenKey(gateway, backend);
    settings.Check();

    if (node.HasDatabase) builder.Services.AddDatabase(node);
    else builder.Services.AddJournal(host);
    builder.Services.AddSingleton(engine);
    builder.UseOrleans(silo => silo.UseNode(node).AddMailboxGrains(isShared: node.HasDatabase));
    builder.Services.AddHost(gateway, backend);
    builder.Services.AddTelemetry(builder.Configuration);
    builder.Services.AddDemo(host);

    var app = builder.Build();
    app.MapHost();
    if (!node.HasDatabase) app.MapBackups(host);
    return app;
});
