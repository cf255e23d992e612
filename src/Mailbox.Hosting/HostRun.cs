using System.Net.Sockets;
using System.Runtime.InteropServices;
using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting.Server;
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
        int? code;
        do code = await RunOnceAsync(build, told).ConfigureAwait(false);
        while (code is null);
        return code.Value;
    }

    static void Tell(TaskCompletionSource told, PosixSignalContext signal)
    {
        signal.Cancel = true;
        told.TrySetResult();
    }

    /// <returns>The exit code; null where the next host is to be started. What is told to stop is not followed by one, whatever it asks for.</returns>
    static async Task<int?> RunOnceAsync(Func<WebApplication> build, Task told)
    {
        WebApplication app;
        try
        {
            app = build();
        }
        catch (Exception fault) when (IsForOperator(fault))
        {
            return await FailAsync(fault).ConfigureAwait(false);
        }
        await using var disposal = app.ConfigureAwait(false);
        var again = app.Services.GetService<StartAgain>()?.Asked ?? s_never;
        var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = app.Lifetime.ApplicationStopping.Register(stopping.SetResult);

        // On another thread: a silo waits for its database before the first await. And a member of a cluster may wait for the others for as long as they are away.
        var starting = Task.Run(() => app.StartAsync());
        await Task.WhenAny(starting, again, stopping.Task, told).ConfigureAwait(false);
        if (!starting.IsCompletedSuccessfully)
        {
            await EndStartAsync(app, starting).ConfigureAwait(false);
            return told.IsCompleted ? 0 : again.IsCompleted ? null : await CodeOfAsync(starting).ConfigureAwait(false);
        }

        if (app.Urls.FirstOrDefault() is { } address) app.Logger.Open(address);
        await Task.WhenAny(stopping.Task, again, told).ConfigureAwait(false);
        if (stopping.Task.IsCompleted || told.IsCompleted)
        {
            await app.StopAsync().ConfigureAwait(false);
            return 0;
        }
        await BreakOffAsync(app).ConfigureAwait(false);
        return told.IsCompleted ? 0 : null;
    }

    /// <summary>Those that started before the one that could not, or did not come to it, are stopped: a member of a cluster takes its leave.</summary>
    static async Task EndStartAsync(WebApplication app, Task starting)
    {
        app.Lifetime.StopApplication();
        await starting.WaitAsync(s_leave, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        using var patience = new CancellationTokenSource(s_leave, TimeProvider.System);
        await app.StopAsync(patience.Token).WaitAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    static async Task<int> CodeOfAsync(Task starting)
    {
        try
        {
            await starting.WaitAsync(new CancellationToken(canceled: true)).ConfigureAwait(false);
            return 0;
        }
        catch (OperationCanceledException)
        {
            // Stopped before it had started.
            return 0;
        }
        catch (Exception fault) when (IsForOperator(fault))
        {
            return await FailAsync(fault).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// Connections are broken, not drained: who held them comes back to the host that is about to start. HTTP ends first, and the server waits for
    /// the requests: where it aborts connections itself it waits for a second, and then takes the memory of requests that still go on.
    /// </summary>
    static async Task BreakOffAsync(WebApplication app)
    {
        await app.Services.GetRequiredService<StartAgain>().BreakConnectionsAsync().ConfigureAwait(false);
        using var patience = new CancellationTokenSource(s_leave, TimeProvider.System);
        await app.Services.GetRequiredService<IServer>().StopAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await app.StopAsync(new CancellationToken(canceled: true)).WaitAsync(s_leave, TimeProvider.System).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    /// <summary>
    /// What an operator can mend, and is told in a line. The last two: a command line or an appsettings.json that cannot be read at all.
    /// </summary>
    static bool IsForOperator(Exception fault) => fault is SettingsException or AddressRefusedException or StoreException
        or IOException or AddressInUseException or SocketException or FormatException or InvalidDataException;

    static async Task<int> FailAsync(Exception fault)
    {
        await Console.Error.WriteLineAsync(fault.Message).ConfigureAwait(false);
        return 1;
    }
}

static partial class HostRunLog
{
    [LoggerMessage(1001, LogLevel.Information, "Open {Address}")]
    public static partial void Open(this ILogger log, string address);
}
