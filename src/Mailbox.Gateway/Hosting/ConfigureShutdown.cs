using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Mailbox.Gateway;

/// <summary>Gives the host's shutdown room for the drain and for the deliveries in flight after it.</summary>
sealed class ConfigureShutdown(IOptions<GatewayOptions> options) : IConfigureOptions<HostOptions>
{
    static readonly TimeSpan s_afterDrain = TimeSpan.FromSeconds(10);

    public void Configure(HostOptions host)
    {
        var needed = options.Value.Drain + s_afterDrain;
        if (host.ShutdownTimeout < needed) host.ShutdownTimeout = needed;
    }
}
