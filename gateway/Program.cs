using Mailbox.Clustering;
using Mailbox.Gateway;
using Mailbox.Grains;
using Mailbox.Hosting;

// A process that holds connections; the mailboxes are in the silos of its cluster.
return await HostRun.RunAsync(() =>
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
    var gateway = settings.Read<GatewayOptions>();
    var cluster = settings.Within("Cluster");
    var node = cluster.Read<NodeOptions>();
    if (node is { Silo: "", Database: "" }) cluster.Refuse(nameof(node.Silo), "a gateway must be told where the silo is, or the database of the cluster");
    settings.Check();

    builder.UseOrleans(silo => silo.UseNode(node).AddMailboxGateway());
    builder.Services.AddMailboxes(gateway);

    var app = builder.Build();
    app.MapHost();
    return app;
});
