using Mailbox.Gateway;
using Mailbox.Storage;
using Mailbox.Storage.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Mailbox.Hosting;

/// <summary>What the hosts share.</summary>
public static class HostServices
{
    /// <summary>A journal is the store of this process. It is opened when it is asked for first.</summary>
    public static IServiceCollection AddJournal(this IServiceCollection services, ServerOptions host)
    {
        var journal = new JournalOptions { Directory = host.Data, ReserveBytes = host.ReserveBytes, Notice = Console.Error.WriteLine };
        services.AddSingleton(_ => JournalStore.Open(journal, TimeProvider.System));
        services.AddSingleton(provider => KeyOf(provider.GetRequiredService<IOptions<GatewayOptions>>().Value, host));
        return services.AddSingleton<IMailboxStore>(static provider => provider.GetRequiredService<JournalStore>());
    }

    static TokenKey KeyOf(GatewayOptions gateway, ServerOptions host) =>
        gateway.TokenKey.Length > 0 ? TokenKey.Parse(gateway.TokenKey) : TokenKey.InFile(Path.Combine(host.Data, "token.key"));

    /// <summary>Prices for the page's ticker, where <see cref="ServerOptions.Demo"/> says so.</summary>
    public static IServiceCollection AddDemo(this IServiceCollection services, ServerOptions host) =>
        host.Demo ? services.AddHostedService<DemoBackend>() : services;

    /// <summary>The gateway's routes, the browser client, the interface to be read, and the application behind it; without one the page, and a problem for all others.</summary>
    public static void MapHost(this WebApplication app)
    {
        app.MapMailboxes();
        app.UseRouting();
        app.MapMailboxClient();
        app.MapApiPage();
        if (app.MapBackend()) return;
        app.MapPages();
        app.MapUnknown();
    }
}
