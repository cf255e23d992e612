using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Registers the log in a database.</summary>
public static class PostgresServices
{
    /// <summary>The database is connected to when the log is asked for first.</summary>
    public static IServiceCollection AddPostgresLog(this IServiceCollection services, Func<IServiceProvider, PostgresOptions> options)
    {
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton(provider => DatabaseLog.Open(options(provider), provider.GetRequiredService<TimeProvider>()));
        return services.AddSingleton<ILog>(static provider => provider.GetRequiredService<DatabaseLog>());
    }
}
