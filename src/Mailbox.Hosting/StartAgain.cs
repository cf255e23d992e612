using Mailbox.Gateway;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;

namespace Mailbox.Hosting;

/// <summary>A host that cannot go on as it is asks to be built and started anew, in the same process. Thread-safe.</summary>
public sealed class StartAgain : IDisposable
{
    readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);
    readonly CancellationTokenSource _brokenOff = new();
    readonly CancellationToken _isBrokenOff;

    public StartAgain() => _isBrokenOff = _brokenOff.Token;

    /// <summary>Completed once it is asked for.</summary>
    public Task Asked => _asked.Task;

    public void Ask() => _asked.TrySetResult();

    /// <summary>Aborts all connections, and those that still come.</summary>
    internal Task BreakConnectionsAsync() => _brokenOff.CancelAsync();

    public void Dispose() => _brokenOff.Dispose();

    internal ConnectionDelegate Follow(ConnectionDelegate next) => async connection =>
    {
        using var following = _isBrokenOff.UnsafeRegister(static connection => ((ConnectionContext)connection!).Abort(), connection);
        await next(connection).ConfigureAwait(false);
    };
}

/// <summary>For hosts that may ask to be started anew.</summary>
public static class StartAgainServices
{
    /// <summary>The server is one with <see cref="BackendServices.AddGatewayServer"/>.</summary>
    public static IServiceCollection AddStartAgain(this IServiceCollection services) => services
        .AddSingleton<StartAgain>()
        .AddSingleton(static provider => new ConnectionMiddleware(provider.GetRequiredService<StartAgain>().Follow));
}
