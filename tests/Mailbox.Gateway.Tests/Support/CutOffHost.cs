using System.Diagnostics;
using System.Globalization;
using System.Net.Sockets;
using System.Reflection;

namespace Mailbox.Gateway.Tests;

/// <summary>
/// The host as a process in a network namespace of its own, whose only link can be cut. A Unix socket, which needs no
/// network, reaches it all the while.
/// </summary>
sealed class CutOffHost : IAsyncDisposable
{
    const string Port = "8080";

    static readonly string s_host = typeof(CutOffHost).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Host").Value!;

    readonly string _name = "mailbox" + Environment.ProcessId.ToString(CultureInfo.InvariantCulture);
    readonly string _directory = Directory.CreateTempSubdirectory("mailbox-cut-").FullName;
    readonly List<Process> _processes = [];

    public CutOffHost() => Http = new(new SocketsHttpHandler { ConnectCallback = ConnectAsync }) { BaseAddress = new("http://host") };

    public HttpClient Http { get; }

    public async Task StartAsync(params string[] arguments)
    {
        Assert.True(await IpAsync("netns", "add", _name) && await LinkAsync("up"), "A network namespace needs root on Linux, and the command ip (iproute2).");
        _processes.Add(StartInside(
            ["dotnet", s_host, "--urls", $"http://127.0.0.1:{Port};http://unix:{SocketPath}", "--Mailbox:Data", Path.Combine(_directory, "data"), .. arguments]));
        await GatewayHost.UntilAsync(IsHealthyAsync);
    }

    /// <summary>A reader beside the server, on the link that is to be cut: one process, which ends with the host.</summary>
    public Process Open(string path) => Remembered(StartInside(
        "bash", "-c", $"exec 3<>/dev/tcp/127.0.0.1/{Port}; printf 'GET {path} HTTP/1.1\\r\\nHost: x\\r\\nAccept: text/event-stream\\r\\n\\r\\n' >&3; exec cat <&3"));

    public async Task CutAsync() => Assert.True(await LinkAsync("down"));

    string SocketPath => Path.Combine(_directory, "host.sock");

    Task<bool> LinkAsync(string state) => IpAsync("-n", _name, "link", "set", "lo", state);

    async Task<bool> IsHealthyAsync()
    {
        try
        {
            return await Http.GetStringAsync("/healthz") == "ok\n";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    Process StartInside(params string[] command) =>
        Process.Start(new ProcessStartInfo("ip", ["netns", "exec", _name, .. command]) { RedirectStandardOutput = true })!;

    Process Remembered(Process process)
    {
        _processes.Add(process);
        return process;
    }

    async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancel)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(SocketPath), cancel);
        return new NetworkStream(socket, ownsSocket: true);
    }

    static async Task<bool> IpAsync(params string[] arguments)
    {
        try
        {
            using var ip = Process.Start(new ProcessStartInfo("ip", arguments) { RedirectStandardError = true })!;
            await ip.WaitForExitAsync();
            return ip.ExitCode == 0;
        }
        catch (System.ComponentModel.Win32Exception)
        {
            return false;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        foreach (var process in _processes)
        {
            process.Kill();
            await process.WaitForExitAsync();
            process.Dispose();
        }
        await IpAsync("netns", "del", _name);
        Directory.Delete(_directory, recursive: true);
    }
}
