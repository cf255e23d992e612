using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Puts the gateway in front of an application: <c>services.AddBackend(options)</c> and <c>app.MapBackend()</c>.</summary>
public static class BackendServices
{
    /// <exception cref="SettingsException">Options are out of their ranges.</exception>
    public static IServiceCollection AddBackend(this IServiceCollection services, BackendOptions options)
    {
        if (OptionRanges.FaultsOf(options, nameof(BackendOptions)).ToList() is [_, ..] faults) throw new SettingsException(faults);
        services.AddSingleton(Options.Create(options));
        if (!options.IsOn) return services;
        services.AddSingleton<IBackend>(provider => BackendOf(options, provider));
        services.AddSingleton<Forwarder>();
        return services.Configure<KestrelServerOptions>(static server =>
        {
            server.RequestHeaderEncodingSelector = static name => name.Equals("Connection", StringComparison.OrdinalIgnoreCase) ? ConnectionHeader.Encoding : null;
            // An application's headers may have any bytes but control characters.
            server.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
        });
    }

    /// <summary>
    /// Sends on to the application what nothing else answers; to be called after routing. Does nothing where no application is configured.
    /// </summary>
    /// <returns>Whether one is.</returns>
    public static bool MapBackend(this IApplicationBuilder app)
    {
        if (app.ApplicationServices.GetService<Forwarder>() is not { } forwarder) return false;
        app.Use(next => http => http.GetEndpoint() is null ? forwarder.Handle(http) : next(http));
        return true;
    }

    static IBackend BackendOf(BackendOptions options, IServiceProvider provider) => new Uri(options.Url).Scheme == "fastcgi"
        ? new FastCgiBackend(options, provider.GetRequiredService<TimeProvider>(), provider.GetRequiredService<ILogger<FastCgiBackend>>())
        : new HttpBackend(options);
}
