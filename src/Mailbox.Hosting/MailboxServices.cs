using Mailbox.Engine;
using Mailbox.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mailbox.Hosting;

/// <summary>Puts mailboxes into an ASP.NET Core application: <c>services.AddMailboxes()</c> and <c>app.MapMailboxes()</c>.</summary>
public static class MailboxServices
{
    /// <summary>Adds an engine that stores in a journal, and the gateway. Code of the application delivers through <see cref="IMailboxGrid"/>.</summary>
    /// <param name="data">The directory of the journal, relative to the application's content root; one process uses it at a time.</param>
    /// <exception cref="SettingsException">Options of the gateway are out of their ranges.</exception>
    public static IServiceCollection AddMailboxes(
        this IServiceCollection services, string data = "data", GatewayOptions? gateway = null, EngineOptions? engine = null)
    {
        if (engine is not null) services.AddSingleton(engine);
        services.AddJournal(
            provider => Path.Combine(provider.GetRequiredService<IHostEnvironment>().ContentRootPath, data), new ServerOptions().ReserveBytes);
        return services.AddGateway(gateway);
    }

    /// <summary>
    /// Answers the gateway's routes and <c>/mailbox-client.js</c>; all other requests go on to the application. Opens the journal. The
    /// application may listen on any address; on other than loopback ones the gateway's routes answer 403.
    /// </summary>
    /// <exception cref="Storage.StoreException">The journal cannot be opened.</exception>
    /// <exception cref="ArgumentException">Options of the engine are out of their ranges.</exception>
    public static WebApplication MapMailboxes(this WebApplication app)
    {
        app.MapGateway();
        app.MapMailboxClient();
        return app;
    }
}
