using Mailbox.Clustering;
using Mailbox.Gateway;
using Mailbox.Grains;
using Mailbox.Hosting;

// A process that holds connections; the mailboxes are in the silos of its cluster.
const string What = """
    A gateway: holds the connections of readers; the mailboxes are in the silos of its cluster.

      --Mailbox:Cluster:Database CONNECTION   the PostgreSQL database of the cluster, or
      --Mailbox:Cluster:Silo ADDRESS:PORT     its one silo, which stores in a journal
    """;

return await HostRun.RunAsync(args, What, () =>
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    // Where it listens is told by the server.
    builder.Services.Configure<ConsoleLifetimeOptions>(static console => console.SuppressStatusMessages = true);
    var settings = builder.ReadSettings(args);
    var gateway = settings.Read<GatewayOptions>();
    var backend = settings.ReadBackend();
    settings.NeedTokenKey(gateway, backend);
    var node = settings.ReadGateway();
    settings.Check();

    builder.UseOrleans(silo => silo.UseNode(node).AddMailboxGateway());
    builder.Services.AddHost(gateway, backend);
    builder.Services.AddTelemetry(builder.Configuration);

    var app = builder.Build();
    app.MapHost();
    return app;
});
