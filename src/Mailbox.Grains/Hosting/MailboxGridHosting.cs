using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>Gives a backend its <see cref="MailboxGridClient"/>.</summary>
public static class MailboxGridHosting
{
    // Until the next look at the list of silos, calls by way of one that hangs have no answer.
    static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);

    /// <summary>In a host that is a client of the cluster (<c>UseOrleansClient</c>) or one of its silos.</summary>
    public static IHostApplicationBuilder UseMailboxGrid(this IHostApplicationBuilder builder, Action<MailboxGridOptions>? configure = null)
    {
        builder.Services.AddGridClient(configure);
        return builder;
    }

    /// <summary>In a client of the cluster.</summary>
    public static IClientBuilder UseMailboxGrid(this IClientBuilder client, Action<MailboxGridOptions>? configure = null)
    {
        client.Services.AddGridClient(configure);
        return client;
    }

    /// <summary>
    /// In a silo of the cluster: one with <see cref="MailboxGrainsHosting.AddMailboxGrains"/>, or one that owns no mailboxes and says so by
    /// <see cref="MailboxGrainsHosting.AddMailboxGateway"/>.
    /// </summary>
    public static ISiloBuilder UseMailboxGrid(this ISiloBuilder silo, Action<MailboxGridOptions>? configure = null)
    {
        silo.Services.AddGridClient(configure);
        return silo;
    }

    static void AddGridClient(this IServiceCollection services, Action<MailboxGridOptions>? configure)
    {
        var options = new MailboxGridOptions();
        configure?.Invoke(options);
        services.Configure<GatewayOptions>(static silos => silos.GatewayListRefreshPeriod = s_look);
        services.TellFaults();
        // Each attempt to connect to a silo that is away is a warning with a trace; what matters is told by who waits. A rule of the host comes later and wins.
        services.Configure<LoggerFilterOptions>(static log =>
        {
            log.Rules.Insert(0, new(null, "Orleans.Runtime.Messaging.ConnectionManager", LogLevel.Error, null));
            log.Rules.Insert(0, new(null, "Orleans.Messaging.GatewayManager", LogLevel.Error, null));
        });
        services.TryAddSingleton(TimeProvider.System);
        if (!services.Any(IsOwnRetryFilter)) services.AddSingleton<IClientConnectionRetryFilter>(provider => SiloSearch.Create(provider, options));
        if (!services.Any(static service => service.ServiceType == typeof(SiloConnection)))
        {
            services.AddSingleton(static provider => new SiloConnection(
                provider.GetRequiredService<IGrainFactory>, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<SiloConnection>>()));
            services.AddSingleton<IClusterConnectionStatusObserver>(static provider => provider.GetRequiredService<SiloConnection>());
        }
        services.TryAddSingleton(provider => new MailboxGridClient(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<TimeProvider>(), options, provider.GetRequiredService<SiloConnection>()));
        services.TryAddKeyedSingleton<IStreamProvider>(
            LetterStreams.ProviderName, static (provider, _) => new LetterStreams(provider.GetRequiredService<MailboxGridClient>()));
    }

    static bool IsOwnRetryFilter(ServiceDescriptor service) =>
        service.ServiceType == typeof(IClientConnectionRetryFilter) && service.ImplementationType?.Assembly != typeof(IClientConnectionRetryFilter).Assembly;
}

/// <summary>Repeats the first connection of a client until a silo answers, and says once what is missing.</summary>
sealed partial class SiloSearch(string missing, TimeSpan longest, TimeProvider time, ILogger<SiloSearch> log) : IClientConnectionRetryFilter
{
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    long? _began;

    public static SiloSearch Create(IServiceProvider services, MailboxGridOptions options)
    {
        var listed = services.GetRequiredService<IOptions<StaticGatewayListProviderOptions>>().Value.Gateways;
        string[] addresses = [.. listed.Select(static gateway => $"{gateway.Host}:{gateway.Port}")];
        var missing = addresses.Length == 0 ? "No silo with a port for backends is listed, or none answers: start one with --Mailbox:Cluster:ClientPort PORT"
            : $"No silo answers at {string.Join(" or ", addresses)}: start one, as with ./run.sh --Mailbox:Cluster:ClientPort {listed[0].Port}";
        return new(missing, options.ConnectWithin, services.GetRequiredService<TimeProvider>(), services.GetRequiredService<ILogger<SiloSearch>>());
    }

    public async Task<bool> ShouldRetryConnectionAttempt(Exception exception, CancellationToken cancellationToken)
    {
        if (_began is not { } began)
        {
            _began = began = time.GetTimestamp();
            LogMissing(missing);
        }
        if (longest != Timeout.InfiniteTimeSpan && time.GetElapsedTime(began) >= longest) throw new MailboxUnavailableException(missing, exception);
        await Task.Delay(s_pause, time, cancellationToken).ConfigureAwait(false);
        return true;
    }

    [LoggerMessage(3140, LogLevel.Warning, "{Missing} (tried again until one answers)")]
    partial void LogMissing(string missing);
}
