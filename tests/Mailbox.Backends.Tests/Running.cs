using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Mailbox.Tests;

namespace Mailbox.Backends.Tests;

/// <summary>An application as a process of its own.</summary>
sealed class Running : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    static readonly TimeSpan s_pause = TimeSpan.FromMilliseconds(20);

    readonly Process _process;
    readonly ConcurrentQueue<string> _said = new();

    Running(string program, IEnumerable<string> arguments)
    {
        _process = new() { StartInfo = new(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = "/" } };
        _process.OutputDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.ErrorDataReceived += (_, line) => _said.Enqueue(line.Data ?? "");
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <returns>When somebody can connect to it.</returns>
    public static async Task<Running> StartAsync(EndPoint listens, string program, params IEnumerable<string> arguments)
    {
        var running = new Running(program, arguments);
        try
        {
            await running.ListensAsync(listens);
            return running;
        }
        catch
        {
            await running.DisposeAsync();
            throw;
        }
    }

    public static IPEndPoint FreePort() => new(IPAddress.Loopback, Ports.Free());

    public async ValueTask DisposeAsync()
    {
        _process.Kill(entireProcessTree: true);
        await _process.WaitForExitAsync();
        _process.Dispose();
    }

    async Task ListensAsync(EndPoint at)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await TryConnectAsync(at))
        {
            if (_process.HasExited || patience.IsCancellationRequested) throw new InvalidOperationException($"It does not listen on {at}:\n{string.Join('\n', _said)}");
            await Task.Delay(s_pause, TimeProvider.System);
        }
    }

    static async Task<bool> TryConnectAsync(EndPoint at)
    {
        using var socket = new Socket(at.AddressFamily, SocketType.Stream, at.AddressFamily == AddressFamily.Unix ? ProtocolType.Unspecified : ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(at);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
