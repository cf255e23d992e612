using System.Diagnostics.Metrics;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>The gateway in an ASP.NET Core application: <c>services.AddGateway(options)</c> and <c>app.MapGateway()</c>.</summary>
public static class GatewayServices
{
    /// <summary>
    /// Adds the gateway. It uses the <see cref="IMailboxGrid"/> that is registered before it. Where none is, it adds an engine in this process,
    /// which uses the log and the <see cref="EngineOptions"/> that are registered.
    /// </summary>
    /// <remarks>Sets the server up for many held connections, and lets .NET refuse a compressed body that breaks off, in the whole process.</remarks>
    /// <exception cref="SettingsException">Options are out of their ranges.</exception>
    public static IServiceCollection AddGateway(this IServiceCollection services, GatewayOptions? options = null)
    {
        options ??= new();
        if (OptionRanges.FaultsOf(options, nameof(GatewayOptions)).ToList() is [_, ..] faults) throw new SettingsException(faults);
        ContentDecoding.RefuseTruncated();
        services.AddSingleton(Options.Create(options));
        services.TryAddSingleton(_ => options.TokenKey.Length > 0 ? TokenKey.Parse(options.TokenKey) : TokenKey.Random());
        services.AddEngine(options);
        services.AddRoutes();
        return services.AddServer();
    }

    /// <summary>Answers the gateway's routes here in the pipeline; all other requests go on to the application.</summary>
    public static IApplicationBuilder MapGateway(this IApplicationBuilder app)
    {
        var router = app.ApplicationServices.GetRequiredService<MailboxRouter>();
        return app.Use(next => http => router.Handle(http) ?? next(http));
    }

    /// <summary>Answers 404 as a problem to every request that nothing else answers; for hosts that are nothing but a gateway.</summary>
    public static void MapUnknown(this IEndpointRouteBuilder routes) =>
        routes.Map("{**path}", static http => Problem.NoSuchRoute.WriteAsync(http)).WithOrder(int.MaxValue);

    static void AddEngine(this IServiceCollection services, GatewayOptions options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(new EngineOptions { MaxBodyBytes = options.MaxBodyBytes });
        if (services.Any(static service => service.ServiceType == typeof(IMailboxGrid))) return;
        // A log that is this process's alone is read here, before anything asks for the engine.
        services.AddSingleton(static provider => MailboxEngine.StartAsync(
            provider.GetRequiredService<ILog>(), provider.GetRequiredService<EngineOptions>(), provider.GetRequiredService<TimeProvider>(),
            provider.GetService<IMeterFactory>()).GetAwaiter().GetResult());
        services.AddSingleton<IMailboxGrid>(static provider => provider.GetRequiredService<MailboxEngine>());
    }

    static void AddRoutes(this IServiceCollection services) => services
        .AddMetrics()
        .AddSingleton<EngineFaults>()
        .AddSingleton<GatewayMetrics>()
        .AddSingleton<HeldConnections>()
        .AddSingleton<DraftReader>()
        .AddSingleton<Cors>()
        .AddSingleton<IMailboxTokens, MailboxTokens>()
        .AddSingleton<CallerNames>()
        .AddSingleton<Visitors>()
        .AddSingleton<OpenRefusals>()
        .AddSingleton<ClientRequests>()
        .AddSingleton<WebSocketRoute>()
        .AddSingleton<ParkedExchanges>()
        .AddSingleton<ExchangeRoute>()
        .AddSingleton<OpenRoute>()
        .AddSingleton<DeliverRoute>()
        .AddSingleton<MailboxRoutes>()
        .AddSingleton<GroupRoutes>()
        .AddSingleton<LetterDeliveries>()
        .AddSingleton<DeliverManyRoute>()
        .AddSingleton<OperatorRoutes>()
        .AddSingleton<MailboxRouter>()
        .AddSingleton<Outbound>()
        .AddSingleton<MailboxConsumer>()
        .AddSingleton<UplinkBackend>()
        .AddSingleton<MultiplexedAnswers>()
        .AddSingleton<UplinkMetrics>()
        .AddSingleton<UplinkRoute>()
        .AddHostedService<UplinkForwarder>()
        .AddSingleton<WebhookStore>()
        .AddSingleton<WebhookMetrics>()
        .AddSingleton<WebhookRoutes>()
        .AddSingleton<Webhooks>()
        .AddHostedService(static services => services.GetRequiredService<Webhooks>())
        .AddHostedService<GatewayLife>();

    static IServiceCollection AddServer(this IServiceCollection services) => services
        .AddSingleton<IConfigureOptions<SocketTransportOptions>, ConfigureSockets>()
        .AddSingleton<IConfigureOptions<HostOptions>, ConfigureShutdown>()
        .Configure<KestrelServerOptions>(static server =>
        {
            server.AddServerHeader = false;
            if (server.RequestHeaderEncodingSelector(HeaderNames.ContentLength) is null) server.RequestHeaderEncodingSelector = LengthEncoding.Select(null);
        });
}
