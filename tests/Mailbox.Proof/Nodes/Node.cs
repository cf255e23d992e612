using System.Diagnostics;
using System.Globalization;

namespace Mailbox.Proof.Nodes;

/// <summary>A process of the grid that can be started, broken and started again. Its output goes to a file.</summary>
sealed class Node(string name, NodeCommand command, Workshop workshop) : IAsyncDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);

    readonly string _logFile = Path.Combine(workshop.Directory, name + ".log");
    Process? _process;
    bool _isToEnd;
    TimeSpan _mayEndBefore;

    public string Name => name;

    /// <summary>Where other processes connect to it.</summary>
    public IReadOnlyList<int> Ports => command.Ports;

    /// <summary>What marks the connections that it makes; null for nothing.</summary>
    public string? Mark => command.User.Length > 0 && char.IsAsciiDigit(command.User[0]) ? command.User : null;

    public void Start()
    {
        _isToEnd = false;
        var process = new Process { StartInfo = command.Information(), EnableRaisingEvents = true };
        process.OutputDataReceived += (_, line) => Write(line.Data);
        process.ErrorDataReceived += (_, line) => Write(line.Data);
        process.Exited += (_, _) => NoticeEnd(process);
        Write("== started");
        process.Start();
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        _process = process;
    }

    /// <summary>SIGKILL: nothing is told to anybody.</summary>
    public async Task KillAsync()
    {
        _isToEnd = true;
        _process!.Kill();
        await _process.WaitForExitAsync();
    }

    /// <summary>Asks it to end and waits until it has.</summary>
    public async Task StopAsync()
    {
        _isToEnd = true;
        await SignalAsync(command.StopSignal);
        using var patience = new CancellationTokenSource(s_patience, workshop.Clock.Time);
        try
        {
            await _process!.WaitForExitAsync(patience.Token);
        }
        catch (OperationCanceledException)
        {
            workshop.Findings.Add($"{name} did not end within {s_patience.TotalSeconds} s after SIG{command.StopSignal}");
            await KillAsync();
        }
    }

    /// <summary>For a while it may end by itself, as one that learns that the others think it dead; then it is started again at once.</summary>
    public void MayEnd(TimeSpan duration) => _mayEndBefore = workshop.Clock.Now + duration;

    public Task FreezeAsync() => SignalAsync("STOP");

    public Task ThawAsync() => SignalAsync("CONT");

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        if (!_process.HasExited) await KillAsync();
        _process.Dispose();
        _process = null;
    }

    async Task SignalAsync(string signal)
    {
        using var kill = Process.Start("kill", ["-" + signal, _process!.Id.ToString(CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync();
    }

    void NoticeEnd(Process process)
    {
        if (_isToEnd) return;
        Write($"== ended by itself with {process.ExitCode}");
        if (workshop.Clock.Now < _mayEndBefore) Start();
        else workshop.Findings.Add($"{name} ended by itself with {process.ExitCode}: see {_logFile}");
    }

    void Write(string? line)
    {
        if (line is null) return;
        lock (command) File.AppendAllText(_logFile, $"{workshop.Clock.Now.TotalSeconds,7:0.00} {line}\n");
    }
}
