using System.Diagnostics;
using System.Reflection;

namespace Mailbox.Gateway.Tests;

/// <summary>The host as a process of its own, which can be killed and started again on the same directory and port.</summary>
sealed class HostProcess : IAsyncDisposable
{
    static readonly string s_host = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Host").Value!;

    readonly string _directory = Directory.CreateTempSubdirectory("mailbox-host-").FullName;
    readonly string[] _arguments;
    Process? _process;
    string _url = "http://127.0.0.1:0";

    HostProcess(string[] arguments) => _arguments = arguments;

    public HttpClient Http { get; private set; } = new();

    public static async Task<HostProcess> StartAsync(params string[] arguments)
    {
        var host = new HostProcess(arguments);
        await host.StartAgainAsync();
        return host;
    }

    public async Task StartAgainAsync()
    {
        _process = Process.Start(new ProcessStartInfo(
            "dotnet", [s_host, "--urls", _url, "--Mailbox:Data", _directory, "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information", .. _arguments])
        {
            RedirectStandardOutput = true,
        })!;
        while (await _process.StandardOutput.ReadLineAsync().WaitAsync(GatewayHost.Patience) is { } line)
        {
            var at = line.IndexOf("http://127", StringComparison.Ordinal);
            if (!line.Contains("Now listening on", StringComparison.Ordinal) || at < 0) continue;
            _url = line[at..].Trim();
            Http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new(_url), Timeout = GatewayHost.Patience };
            _ = _process.StandardOutput.ReadToEndAsync();
            return;
        }
        throw new InvalidOperationException("The host ended.");
    }

    /// <summary>Sends a signal by its name and waits for the end.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", [$"-{signal}", _process!.Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await _process.WaitForExitAsync().WaitAsync(GatewayHost.Patience);
        return _process.ExitCode;
    }

    /// <summary>SIGKILL: nothing is told to anybody.</summary>
    public async Task KillAsync()
    {
        _process!.Kill();
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        Http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }
}
