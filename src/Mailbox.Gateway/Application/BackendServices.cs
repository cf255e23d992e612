using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Net.Http.Headers;

namespace Mailbox.Gateway;

/// <summary>A host's middleware around each connection. Registered as a service, because the server has one default for its endpoints.</summary>
public sealed record ConnectionMiddleware(Func<ConnectionDelegate, ConnectionDelegate> Use);

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
        return services.AddGatewayServer().PostConfigure<KestrelServerOptions>(static server =>
        {
            var others = server.RequestHeaderEncodingSelector;
            server.RequestHeaderEncodingSelector = name => name == HeaderNames.Connection ? ConnectionHeader.Encoding : others(name);
        });
    }

    /// <summary>
    /// Sets up the server of a process that is only a gateway, or stands in front of an application. An application that embeds the
    /// gateway keeps its server's settings, except for those of <see cref="GatewayServices.AddGateway"/>.
    /// </summary>
    public static IServiceCollection AddGatewayServer(this IServiceCollection services)
    {
        return services.AddOptions<KestrelServerOptions>().Configure<TimeProvider, IEnumerable<ConnectionMiddleware>>(static (server, time, others) =>
        {
            // A header is any bytes but control characters, and is to be passed on as it is (RFC 9110 section 5.5, obs-text).
            server.RequestHeaderEncodingSelector = LengthEncoding.Select(Encoding.Latin1);
            server.ResponseHeaderEncodingSelector = static _ => Encoding.Latin1;
            // Of a target in absolute form and a different Host, the target counts (RFC 9112 section 3.2.2).
            server.AllowHostHeaderOverride = true;
            server.ConfigureEndpointDefaults(endpoint =>
            {
                foreach (var other in others) endpoint.Use(other.Use);
                endpoint.Use(next => HalfClosable.Use(next, time));
            });
        }).Services;
    }

    /// <summary>
    /// Forwards to the application all requests that no endpoint matches; to be called after routing. Does nothing where no application is
    /// configured.
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
