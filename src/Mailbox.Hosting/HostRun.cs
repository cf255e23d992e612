using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Hosting;

/// <summary>Runs a host until it is told to stop, and says in plain words why it cannot.</summary>
public static class HostRun
{
    const string Usage = """
        Options, each also as an environment variable (Mailbox__Data) or in appsettings.json:

          --urls http://127.0.0.1:8080   where to listen: a loopback address
          --Mailbox:Backend URL          the web application behind the gateway: http://HOST:PORT or fastcgi://HOST:PORT
          --Mailbox:Drain 00:00:20       how long a shutdown takes at most to send readers to other processes
          --Logging:LogLevel:Default Information
          --help                         prints this and ends

        All options: docs/configuration.md. What is served: docs/protocol.md.
        """;

    static readonly Task s_never = new TaskCompletionSource().Task;
    static readonly TimeSpan s_leave = TimeSpan.FromSeconds(5);

    /// <param name="args">The command line's; <c>--help</c> only prints how to use the host.</param>
    /// <param name="what">What the host is, and the options that it has beside those of all.</param>
    /// <param name="build">The host, and the next where that asks for one.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(string[] args, string what, Func<WebApplication> build)
    {
        if (args.Any(static arg => arg is "--help" or "-h" or "-?" or "/?"))
        {
            await Console.Out.WriteLineAsync($"{what}\n\n{Usage}").ConfigureAwait(false);
            return 0;
        }
        // A host hears signals only while it runs, and this must hear those that come while one is replaced by the next.
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var terminated = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Tell(told, signal));
        using var interrupted = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Tell(told, signal));
        // The terminal was closed. Else the runtime ends the process at once.
        using var hungUp = PosixSignalRegistration.Create(PosixSignal.SIGHUP, signal => Tell(told, signal));
        return await RunAsync(build, told.Task).ConfigureAwait(false);
    }

    /// <param name="build">The host, and the next where that asks for one.</param>
    /// <param name="told">Completed when the process is told to stop.</param>
    /// <returns>The exit code of the process.</returns>
    public static async Task<int> RunAsync(Func<WebApplication> build, Task told)
    {
        try
        {
            while (await RunOnceAsync(build(), told).ConfigureAwait(false)) { }
            return 0;
        }
        // The last two: a command line or an appsettings.json that cannot be read at all.
        catch (Exception fault) when (fault is SettingsException or AddressRefusedException or StoreException
            or IOException or AddressInUseException or SocketException or FormatException or InvalidDataException)
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

    static void Tell(TaskCompletionSource told, PosixSignalContext signal)
    {
        signal.Cancel = true;
        told.TrySetResult();
    }

    /// <returns>Whether the next is to be started: what is told to stop is not, whatever it asks for meanwhile.</returns>
    static async Task<bool> RunOnceAsync(WebApplication app, Task told)
    {
        _ = StopAsync(app, told);
        var again = app.Services.GetService<StartAgain>()?.Asked ?? s_never;
        // It may be asked for while the start still waits for a cluster that is gone.
        var started = await Task.WhenAny(StartAsync(app), again).ConfigureAwait(false);
        await started.ConfigureAwait(false);
        if (started != again && app.Urls.FirstOrDefault() is { } address) app.Logger.Open(address);
        // Not WaitForShutdownAsync: that would begin an orderly stop beside the breaking off, and the host be disposed of under it with its ports open.
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using (app.Lifetime.ApplicationStopping.Register(stopping.SetResult)) await Task.WhenAny(stopping.Task, again).ConfigureAwait(false);
        var isAgain = !stopping.Task.IsCompleted;
        if (isAgain) await BreakOffAsync(app).ConfigureAwait(false);
        else await app.StopAsync().ConfigureAwait(false);
        await app.DisposeAsync().ConfigureAwait(false);
        return isAgain && !told.IsCompleted;
    }

    static async Task StopAsync(WebApplication app, Task told)
    {
        var lifetime = app.Lifetime;
        await told.ConfigureAwait(false);
        lifetime.StopApplication();
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

static partial class HostRunLog
{
    [LoggerMessage(1001, LogLevel.Information, "Open {Address}")]
    public static partial void Open(this ILogger log, string address);
}
