using Mailbox.Engine;
using Mailbox.Gateway;
using Mailbox.Hosting;

// One process: an engine with its store, and the gateway beside it. No cluster runtime.
return await HostRun.RunAsync(() =>
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
    var host = settings.Read<ServerOptions>();
    var gateway = settings.Read<GatewayOptions>();
    var backend = settings.ReadBackend();
    var engine = settings.Read<EngineOptions>();
    settings.Check();

    builder.Services.AddJournal(host);
    builder.Services.AddSingleton(engine);
    builder.Services.AddMailboxes(gateway);
    builder.Services.AddBackend(backend);
    builder.Services.AddDemo(host);

    var app = builder.Build();
    app.MapHost();
    app.MapBackups(host);
    return app;
});
