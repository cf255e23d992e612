using Mailbox.Engine;
using Mailbox.Gateway;
using Mailbox.Standalone;
using Mailbox.Storage;
using Mailbox.Storage.Journal;

// One process: an engine with its store, and the gateway beside it.
try
{
    var builder = WebApplication.CreateSlimBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
    var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
    var host = settings.Read<StandaloneOptions>();
    var gateway = settings.Read<GatewayOptions>();
    var engine = settings.Read<EngineOptions>();
    settings.Check();

    var journal = new JournalOptions { Directory = host.Data, ReserveBytes = host.ReserveBytes, Notice = Console.Error.WriteLine };
    builder.Services.AddSingleton(_ => JournalStore.Open(journal, TimeProvider.System));
    builder.Services.AddSingleton<IMailboxStore>(services => services.GetRequiredService<JournalStore>());
    builder.Services.AddSingleton(engine);
    builder.Services.AddMailboxes(gateway);
    if (host.Demo) builder.Services.AddHostedService<DemoBackend>();

    var app = builder.Build();
    app.MapMailboxes();
    app.UseRouting();
    app.MapPages();
    app.MapBackups(host);
    app.MapUnknown();
    await app.RunAsync();
    return 0;
}
catch (Exception fault) when (fault is SettingsException or AddressRefusedException or StoreException or IOException)
{
    await Console.Error.WriteLineAsync(fault.Message);
    return 1;
}
