using Mailbox.Engine;
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
    /// <summary>The gateway and the application behind it, in a process that serves nothing else.</summary>
    public static IServiceCollection AddHost(this IServiceCollection services, GatewayOptions gateway, BackendOptions backend) =>
        services.AddGateway(gateway).AddBackend(backend).AddGatewayServer().BindToLoopbackOnly();

    /// <summary>A journal is the store of this process. It is opened when it is asked for first.</summary>
    public static IServiceCollection AddJournal(this IServiceCollection services, ServerOptions host) => services.AddJournal(_ => host.Data, host.ReserveBytes);

    internal static IServiceCollection AddJournal(this IServiceCollection services, Func<IServiceProvider, string> directory, int reserveBytes)
    {
        services.AddSingleton(provider => DirectoryLog.Open(new() { Directory = directory(provider), ReserveBytes = reserveBytes, Notice = Console.Error.WriteLine }));
        services.AddSingleton<ILog>(static provider => provider.GetRequiredService<DirectoryLog>());
        services.AddSingleton(static provider => new JournalBackups(provider.GetRequiredService<MailboxEngine>(), provider.GetRequiredService<DirectoryLog>()));
        return services.AddSingleton(provider => KeyOf(provider.GetRequiredService<IOptions<GatewayOptions>>().Value, directory(provider)));
    }

    static TokenKey KeyOf(GatewayOptions gateway, string directory) =>
        gateway.TokenKey.Length > 0 ? TokenKey.Parse(gateway.TokenKey) : TokenKey.InFile(Path.Combine(directory, "token.key"));

    /// <summary>Prices for the page's ticker, where <see cref="ServerOptions.Demo"/> says so.</summary>
    public static IServiceCollection AddDemo(this IServiceCollection services, ServerOptions host) =>
        host.Demo ? services.AddHostedService<DemoBackend>() : services;

    /// <summary>The gateway's routes, the browser client, the interface to be read, and the application behind it; without one the page, and a problem for all others.</summary>
    public static void MapHost(this WebApplication app)
    {
        app.MapGateway();
        app.UseRouting();
        app.MapMailboxClient();
        app.MapApiPage();
        if (app.MapBackend()) return;
        app.MapPages();
        app.MapUnknown();
    }
}
