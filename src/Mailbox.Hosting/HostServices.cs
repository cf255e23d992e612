using Mailbox.Engine;
using Mailbox.Gateway;
using Mailbox.Storage;
using Mailbox.Storage.Journal;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
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

/// <summary>What a host is told beside the section <c>Mailbox</c>: its options on the command line, and where to listen.</summary>
public static class HostSettings
{
    // The first segments of keys that a host, ASP.NET Core, Orleans or OpenTelemetry reads.
    static readonly string[] s_roots =
    [
        "Mailbox", "urls", "Logging", "Kestrel", "Orleans", "AllowedHosts", "environment", "contentRoot", "applicationName", "http_ports", "https_ports",
        "shutdownTimeoutSeconds", "OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_PROTOCOL", "OTEL_EXPORTER_OTLP_HEADERS", "OTEL_EXPORTER_OTLP_TIMEOUT",
        "OTEL_METRIC_EXPORT_INTERVAL", "OTEL_METRIC_EXPORT_TIMEOUT", "OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES",
    ];

    /// <summary>Reads the section <c>Mailbox</c>; remembers the faults of everything else.</summary>
    public static SettingsReader ReadSettings(this WebApplicationBuilder builder, string[] args)
    {
        var settings = new SettingsReader(builder.Configuration.GetSection("Mailbox"));
        CheckArguments(settings, args);
        settings.ReadAddresses(builder.Configuration);
        settings.ReadTelemetry(builder.Configuration);
        return settings;
    }

    // The configuration takes any key, and passes over what is none.
    static void CheckArguments(SettingsReader settings, string[] args)
    {
        for (var i = 0; i < args.Length; i++)
        {
            var (name, value) = args[i].Split('=', 2) is [var left, var right] ? (left, right) : (args[i], null);
            if (!name.StartsWith("--", StringComparison.Ordinal) && !name.StartsWith('/') && (value is null || name.StartsWith('-')))
            {
                settings.Refuse(name, value, "it is no option; options are --KEY VALUE, see --help");
                continue;
            }
            if (value is null && i + 1 < args.Length) value = args[++i];
            var key = name.TrimStart('-', '/');
            if (value is null) settings.Refuse(name, value, "the option needs a value, see --help");
            else if (!s_roots.Contains(key.Split(':')[0], StringComparer.OrdinalIgnoreCase))
                settings.Refuse(name, value, $"the option is unknown{Spelling.Suggest(key.Split(':')[0], s_roots)}; see --help");
        }
    }
}
