using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using Mailbox.Proof.Nodes;

namespace Mailbox.Proof.Load;

/// <summary>The process of a backend in .NET (tests/Mailbox.Proof.Backend): lines to it, lines from it. Thread-safe.</summary>
sealed class GridProcess : IDisposable
{
    static readonly string s_file = Workshop.Host("Backend");

    readonly ConcurrentDictionary<string, TaskCompletionSource<Attempt>> _underWay = new();
    readonly Process _process;
    readonly string _logFile;
    int _number;

    /// <summary>The grid must be ready.</summary>
    public GridProcess(Workshop workshop, ClientDoor door)
    {
        _logFile = Path.Combine(workshop.Directory, "backend.log");
        string[] line = [s_file, door.Cluster, door.Database, door.Port.ToString(CultureInfo.InvariantCulture)];
        _process = new()
        {
            StartInfo = new("dotnet", line) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        _process.OutputDataReceived += (_, said) => Hear(said.Data);
        _process.ErrorDataReceived += (_, said) => Write(said.Data);
        _process.Start();
        _process.StandardInput.AutoFlush = true;
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public async Task<Attempt> AskAsync(string order, CancellationToken giveUp)
    {
        var number = Interlocked.Increment(ref _number).ToString(CultureInfo.InvariantCulture);
        var answer = _underWay[number] = new(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_process) _process.StandardInput.WriteLine($"{number} {order}");
        try
        {
            return await answer.Task.WaitAsync(giveUp);
        }
        catch (OperationCanceledException)
        {
            return new(AttemptEnd.Unknown, "");
        }
    }

    public void Dispose()
    {
        if (!_process.HasExited) _process.Kill();
        _process.Dispose();
    }

    void Hear(string? line)
    {
        if (line?.Split(' ', 3) is not [var number, var end, ..] words) return;
        if (_underWay.TryRemove(number, out var answer)) answer.TrySetResult(new(EndOf(end), words.Length > 2 ? words[2] : ""));
        if (end != "done") Write(line);
    }

    static AttemptEnd EndOf(string word) => word switch
    {
        "done" => AttemptEnd.Answered,
        "refused" => AttemptEnd.Refused,
        _ => AttemptEnd.Unknown,
    };

    void Write(string? line)
    {
        if (line is null) return;
        lock (_underWay) File.AppendAllText(_logFile, line + '\n');
    }
}
