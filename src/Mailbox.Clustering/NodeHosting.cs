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

/// <summary>
/// Ends a process that the others took for dead, or whose place in the cluster is lost otherwise. Its mailboxes may have other owners already, so it does
/// nothing more, not even an orderly stop. Orleans would abort it with a core dump and traces of its stack.
/// </summary>
/// <param name="say">Told why, in a line.</param>
/// <param name="exit">Ends the process with a code.</param>
sealed class EndOnFatalError(Action<string> say, Action<int> exit) : IFatalErrorHandler
{
    /// <summary>That of <c>sysexits.h</c> for a failure that passes (<c>EX_TEMPFAIL</c>): whoever watches over the process starts it again.</summary>
    public const int ExitCode = 75;

    public bool IsUnexpected(Exception exception) => true;

    public void OnFatalException(object? sender = null, string? context = null, Exception? exception = null)
    {
        // The list of the members is in the log. An exception is a defect of the runtime: its trace is all that there is to find it by.
        var why = exception is null ? context?.Split(" Membership: ")[0] : $"{context}: {exception}";
        say($"This process has lost its place in the cluster and ends, to be started again: {why}");
        exit(ExitCode);
    }
}
