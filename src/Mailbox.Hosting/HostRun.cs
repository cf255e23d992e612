using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Hosting;

namespace Mailbox.Hosting;

/// <summary>Runs a host until it is told to stop, and says in plain words why it cannot.</summary>
public static class HostRun
{
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build)
    {
        try
        {
            await using var app = build();
            await StartAsync(app).ConfigureAwait(false);
            await app.WaitForShutdownAsync().ConfigureAwait(false);
            return 0;
        }
        catch (Exception fault) when (fault is SettingsException or AddressRefusedException or StoreException or IOException)
        {
            await Console.Error.WriteLineAsync(fault.Message).ConfigureAwait(false);
            return 1;
        }
    }

    static async Task StartAsync(WebApplication app)
    {
        try
        {
            await app.StartAsync().ConfigureAwait(false);
        }
        catch
        {
            // Those that started before the one that could not: a member of a cluster takes its leave.
            await app.StopAsync().ConfigureAwait(false);
            throw;
        }
    }
}
