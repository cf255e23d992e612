using System.Net;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mailbox.Clustering.Tests;

/// <summary>A member of a cluster that has no mailboxes.</summary>
sealed class Node : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);
    readonly IHost _host;

    public Node(NodeOptions options)
    {
        var builder = Host.CreateApplicationBuilder();
        builder.Logging.ClearProviders();
        builder.UseOrleans(silo => silo.UseNode(options));
        _host = builder.Build();
    }

    public IPEndPoint EndPoint => _host.Services.GetRequiredService<ILocalSiloDetails>().SiloAddress.Endpoint;

    public static async Task<Node> StartAsync(NodeOptions options)
    {
        var node = new Node(options);
        await node.StartAsync();
        return node;
    }

    public Task StartAsync() => _host.StartAsync().WaitAsync(s_patience);

    /// <summary>For one that is not let in. It goes on trying, and cannot be stopped before it has started.</summary>
    /// <returns>Whether it was let in within so long.</returns>
    public static async Task<bool> CanStartAsync(NodeOptions options, TimeSpan patience)
    {
        var started = new Node(options)._host.StartAsync().WaitAsync(patience);
        await started.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return started.IsCompletedSuccessfully;
    }

    /// <summary>Returns when so many members are active, as this one knows.</summary>
    public async Task SeeAsync(int members)
    {
        using var patience = new CancellationTokenSource(s_patience);
        await foreach (var snapshot in _host.Services.GetRequiredService<IClusterMembershipService>().MembershipUpdates.WithCancellation(patience.Token))
            if (snapshot.Members.Values.Count(static member => member.Status == SiloStatus.Active) == members) return;
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync();
        _host.Dispose();
    }
}
