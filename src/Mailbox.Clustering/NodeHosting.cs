using System.Net;
using Mailbox.Grains;
using Mailbox.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Orleans.Configuration;

namespace Mailbox.Clustering;

/// <summary>Makes a process a member of a cluster, as its <see cref="NodeOptions"/> say.</summary>
public static class NodeHosting
{
    /// <exception cref="IOException">A port is in use, or the certificate cannot be read.</exception>
    public static ISiloBuilder UseNode(this ISiloBuilder silo, NodeOptions node)
    {
        var own = silo.Take(IPAddress.Parse(node.Address), node.SiloPort);
        if (node.ClientPort > 0) silo.Take(own.Address, node.ClientPort);
        silo.Configure<ClusterOptions>(options => options.ClusterId = options.ServiceId = node.Id);
        silo.Configure<EndpointOptions>(options =>
            (options.AdvertisedIPAddress, options.SiloPort, options.GatewayPort) = (own.Address, own.Port, node.ClientPort));
        if (node.HasDatabase) silo.UseClusterDatabase(node);
        else silo.UseSilo(node, own);
        // A gateway of a journal's silo starts again in the same process.
        if (node.Silo.Length == 0) silo.Services.AddSingleton<IFatalErrorHandler>(new EndOnFatalError(Console.Error.WriteLine, Environment.Exit));
        if (node.Certificate.Length > 0) silo.UseNodeTls(node);
        return silo;
    }

    static IPEndPoint Take(this ISiloBuilder silo, IPAddress address, int port)
    {
        var reserved = ReservedPort.Take(address, port);
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(_ => reserved);
        return reserved.EndPoint;
    }

    /// <summary>The journal's silo is where the members are listed.</summary>
    static void UseSilo(this ISiloBuilder silo, NodeOptions node, IPEndPoint own)
    {
        silo.UseDevelopmentClustering(node.Silo.Length > 0 ? IPEndPoint.Parse(node.Silo) : own);
        if (node.Silo.Length == 0) return;
        silo.Services.AddStartAgain();
        silo.Services.TryAddSingleton<GridState>();
        silo.Services.AddSingleton<SiloWatch>();
        silo.Services.AddHostedService(static provider => provider.GetRequiredService<SiloWatch>());
        silo.Services.AddSingleton<ILifecycleParticipant<ISiloLifecycle>>(static provider => provider.GetRequiredService<SiloWatch>());
        silo.Services.AddSingleton<IFatalErrorHandler, StartAgainOnFatalError>();
    }
}
