using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Mailbox.Hosting;

/// <summary>Runs a host until it is told to stop, and says in plain words why it cannot.</summary>
public static class HostRun
{
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
        await app.WaitForShutdownAsync().ConfigureAwait(false);
        var again = app.Services.GetService<StartAgain>();
        await app.DisposeAsync().ConfigureAwait(false);
        return again is { IsAsked: true };
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
