using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Reflection;

namespace Mailbox.Clustering.Tests;

/// <summary>A host as a process of its own, on ports of its own.</summary>
sealed class HostProcess : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromMinutes(3);

    readonly Process _process;
    readonly ConcurrentQueue<string> _output = new();
    readonly ConcurrentQueue<string> _errors = new();

    /// <param name="host">The silo or the gateway, as the project names its file.</param>
    public HostProcess(string host, int port, params string[] arguments)
    {
        var file = typeof(HostProcess).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == host).Value!;
        _process = Process.Start(new ProcessStartInfo("dotnet", [file, "--urls", $"http://127.0.0.1:{port}", .. arguments])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        _process.OutputDataReceived += (_, line) => Keep(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Keep(_errors, line.Data);
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        Http = new() { BaseAddress = new($"http://127.0.0.1:{port}"), Timeout = s_patience };
    }

    public HttpClient Http { get; }

    /// <summary>Lines of its standard output so far.</summary>
    public IReadOnlyCollection<string> Output => _output;

    /// <summary>Lines of its standard error so far.</summary>
    public IReadOnlyCollection<string> Errors => _errors;

    /// <summary>Returns when it says that it is ready, or that it is not.</summary>
    public async Task UntilAsync(HttpStatusCode readiness)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (await ReadinessAsync() != readiness)
        {
            if (patience.IsCancellationRequested || _process.HasExited)
                throw new TimeoutException($"It was never {readiness}:\n{string.Join('\n', [.. _output, .. _errors])}");
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

    /// <summary>Returns when a line of its standard output has this in it.</summary>
    public Task UntilSaidAsync(string text) => UntilAsync(_output, text);

    /// <summary>Returns when a line of its standard error has this in it.</summary>
    public Task UntilToldAsync(string text) => UntilAsync(_errors, text);

    async Task UntilAsync(ConcurrentQueue<string> lines, string text)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (!lines.Any(line => line.Contains(text, StringComparison.Ordinal)))
        {
            if (patience.IsCancellationRequested || _process.HasExited) throw new TimeoutException($"It never said '{text}':\n{string.Join('\n', [.. _output, .. _errors])}");
            await Task.Yield();
        }
    }

    /// <summary>SIGTERM.</summary>
    /// <returns>The exit code.</returns>
    public Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", $"{_process.Id}"]);
        return EndAsync();
    }

    /// <returns>The exit code, when it has ended by itself and all that it wrote is here.</returns>
    public async Task<int> EndAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        await _process.WaitForExitAsync(patience.Token);
        return _process.ExitCode;
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

    static void Keep(ConcurrentQueue<string> lines, string? line)
    {
        if (line is not null) lines.Enqueue(line);
    }
}
