using Mailbox.Engine;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Registers a store in PostgreSQL, and what comes with it where several processes share it.</summary>
public static class PostgresMailboxes
{
    /// <summary>The store is opened when the first of its users is made.</summary>
    /// <param name="options">Asked once, then: who the process is may be known only once it is being started.</param>
    public static IServiceCollection AddPostgresMailboxes(this IServiceCollection services, Func<IServiceProvider, PostgresOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => PostgresStore.Open(options(provider), provider.GetRequiredService<TimeProvider>()));
        services.AddSingleton<IMailboxStore>(static provider => provider.GetRequiredService<PostgresStore>());
        services.AddSingleton<IOwnerRegistry>(static provider => provider.GetRequiredService<PostgresStore>());
        services.AddSingleton<IGroupLedger>(static provider => new PostgresLedger(
            provider.GetRequiredService<PostgresStore>(),
            provider.GetService<EngineOptions>()?.MaxKeys ?? PostgresLedger.DefaultMaxKeys));
        return services;
    }
}
