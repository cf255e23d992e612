using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Mailbox.Browser.Tests;

/// <summary>The host as a process of its own, with a directory of its own.</summary>
public sealed partial class Server : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly string _directory = Directory.CreateTempSubdirectory("mailbox-browser-").FullName;
    readonly ConcurrentQueue<string> _said = new();
    readonly bool _demo;
    Process? _process;

    readonly string[] _options;

    Server(bool demo, string[] options) => (_demo, _options) = (demo, options);

    public Uri Address { get; private set; } = new("http://127.0.0.1:0");

    /// <summary>What a backend uses.</summary>
    public HttpClient Http { get; } = new();

    public static async Task<Server> StartAsync(bool demo = false, params string[] options)
    {
        var server = new Server(demo, options);
        try
        {
            await server.StartAgainAsync();
        }
        catch
        {
            // Nobody else would end what did not say that it listens.
            await server.DisposeAsync();
            throw;
        }
        server.Http.BaseAddress = server.Address;
        return server;
    }

    /// <summary>On the same port and directory as before.</summary>
    public async Task StartAgainAsync()
    {
        var listening = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        _process = new() { StartInfo = Command() };
        _process.OutputDataReceived += (_, line) => Hear(line.Data, listening);
        _process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Address = await listening.Task.WaitAsync(s_patience);
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

    ProcessStartInfo Command()
    {
        var command = Bare();
        foreach (var option in _options) command.ArgumentList.Add(option);
        return command;
    }

    ProcessStartInfo Bare() => new("dotnet")
    {
        ArgumentList =
        {
            Programs.Host, "--urls", Address.ToString().TrimEnd('/'), "--Mailbox:Data", _directory, "--Mailbox:Demo", _demo ? "true" : "false",
            // The tests wait for the address in the log.
            "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information",
        },
        WorkingDirectory = _directory,
        RedirectStandardOutput = true,
        RedirectStandardError = true,
    };

    // The end of the output before the address is the end of the host.
    void Hear(string? line, TaskCompletionSource<Uri> listening)
    {
        _said.Enqueue(line ?? "(end)");
        if (line is null) listening.TrySetException(new InvalidOperationException($"The host ended:\n{string.Join('\n', _said)}"));
        else if (Listening().Match(line) is { Success: true } match) listening.TrySetResult(new(match.Groups[1].Value));
    }

    [GeneratedRegex(@"Now listening on: (http://\S+)")]
    private static partial Regex Listening();
}
