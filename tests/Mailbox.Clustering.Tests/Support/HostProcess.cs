using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;

namespace Mailbox.Clustering.Tests;

/// <summary>A host as a process of its own, on ports of its own.</summary>
sealed class HostProcess : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly Process _process;

    /// <param name="host">The silo or the gateway, as the project names its file.</param>
    public HostProcess(string host, int port, params string[] arguments)
    {
        var file = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == host).Value!;
        _process = Process.Start(new ProcessStartInfo("dotnet", [file, "--urls", $"http://127.0.0.1:{port}", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.OutputDataReceived += static (_, _) => { };
        _process.ErrorDataReceived += static (_, _) => { };
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Http = new() { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = s_patience };
    }

    public HttpClient Http { get; }

    public static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>Returns when it says that it is ready, or that it is not.</summary>
    public async Task UntilAsync(HttpStatusCode readiness)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (await ReadinessAsync() != readiness)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }

    async Task<HttpStatusCode> ReadinessAsync()
    {
        try
        {
            using var answer = await Http.GetAsync("/readyz");
            return answer.StatusCode;
        }
        catch (HttpRequestException)
        {
            return 0;
        }
    }

    public async Task KillAsync()
    {
        _process.Kill();
        await _process.WaitForExitAsync();
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
    }
}
