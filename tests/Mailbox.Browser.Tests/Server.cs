using System.Diagnostics;
using System.Reflection;
using System.Text.RegularExpressions;

namespace Mailbox.Browser.Tests;

/// <summary>The standalone host as a process of its own, with a directory of its own.</summary>
public sealed partial class Server : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly string s_host = typeof(Server).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Host").Value!;

    readonly string _directory = Directory.CreateTempSubdirectory("mailbox-browser-").FullName;
    readonly bool _demo;
    Process? _process;

    Server(bool demo) => _demo = demo;

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>What a backend uses.</summary>
    public HttpClient Http { get; } = new();

    public static async Task<Server> StartAsync(bool demo = false)
    {
        var server = new Server(demo);
        await server.StartAgainAsync();
        server.Http.BaseAddress = server.Address;
        return server;
    }

    /// <summary>On the same port and directory as before.</summary>
    public async Task StartAgainAsync()
    {
        _process = Process.Start(Command())!;
        using var limit = new CancellationTokenSource(s_patience);
        Address = await ListeningAsync(_process, limit.Token);
        Drain(_process);
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

    ProcessStartInfo Command() => new("dotnet")
    {
        ArgumentList =
        {
            s_host, "--urls", Address.ToString().TrimEnd('/'), "--Mailbox:Data", _directory, "--Mailbox:Demo", _demo ? "true" : "false",
            // The tests wait for the address in the log.
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information",
        },
        WorkingDirectory = _directory,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    static async Task<Uri> ListeningAsync(Process process, CancellationToken cancel)
    {
        var said = new List<string>();
        while (await process.StandardOutput.ReadLineAsync(cancel) is { } line)
        {
            said.Add(line);
            if (Listening().Match(line) is { Success: true } match) return new(match.Groups[1].Value);
        }

        var errors = await process.StandardError.ReadToEndAsync(cancel);
        throw new InvalidOperationException($"The host ended before it listened:\n{string.Join('\n', said)}\n{errors}");
    }

    // A full pipe would stop the host.
    static void Drain(Process process)
    {
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
