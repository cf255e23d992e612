using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
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
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton(provider => new MailboxGridClient(
            provider.GetRequiredService<IGrainFactory>(), provider.GetRequiredService<TimeProvider>(), options));
        services.TryAddKeyedSingleton<IStreamProvider>(
            LetterStreams.ProviderName, static (provider, _) => new LetterStreams(provider.GetRequiredService<MailboxGridClient>()));
    }
}
