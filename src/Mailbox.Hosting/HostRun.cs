using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mailbox.Hosting;

/// <summary>Runs a host until it is told to stop, and says in plain words why it cannot.</summary>
public static class HostRun
{
    static readonly Task s_never = new TaskCompletionSource().Task;
    static readonly TimeSpan s_leave = TimeSpan.FromSeconds(5);

    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        try
        {
            while (await RunOnceAsync(build()).ConfigureAwait(false)) { }
            return 0;
        }
        catch (Exception fault) when (fault is SettingsException or AddressRefusedException or StoreException or IOException)
        {
            await Console.Error.WriteLineAsync(fault.Message).ConfigureAwait(false);
            return 1;
        }
        catch (OperationCanceledException)
        {
            // Told to stop before it had started.
            return 0;
        }
    }

    /// <returns>Whether it is to be started again.</returns>
    static async Task<bool> RunOnceAsync(WebApplication app)
    {
        await StartAsync(app).ConfigureAwait(false);
        var (ended, again) = (app.WaitForShutdownAsync(), app.Services.GetService<StartAgain>()?.Asked ?? s_never);
        var first = await Task.WhenAny(ended, again).ConfigureAwait(false);
        if (first == again) await BreakOffAsync(app).ConfigureAwait(false);
        else await ended.ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
        return first == again;
    }

    /// <summary>Connections are broken, not drained: who held them comes back to the host that is about to start.</summary>
    static async Task BreakOffAsync(WebApplication app)
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync().ConfigureAwait(false);
        await app.StopAsync(now.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    static async Task StartAsync(WebApplication app)
    {
        try
        {
            // A member that waits for its cluster hears nothing else.
            await app.StartAsync().WaitAsync(app.Lifetime.ApplicationStopping).ConfigureAwait(false);
        }
        catch (Exception fault) when (fault is not OperationCanceledException)
        {
            // Those that started before the one that could not: a member of a cluster takes its leave.
            using var patience = new CancellationTokenSource(s_leave, TimeProvider.System);
            await app.StopAsync(patience.Token).WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }
    }
}
