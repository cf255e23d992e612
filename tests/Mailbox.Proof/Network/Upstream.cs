using System.Net.Sockets;

namespace Mailbox.Proof.Network;

/// <summary>A gateway as the balancer sees it.</summary>
sealed class Upstream(Uri address) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(1);

    readonly HttpClient _http = new() { BaseAddress = address, Timeout = s_patience };

    public bool IsReady { get; private set; }

    public async Task AskAsync(TimeProvider time, CancellationToken cancel)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri("/readyz", UriKind.Relative), cancel).WaitAsync(s_patience, time, cancel);
            IsReady = response.IsSuccessStatusCode;
        }
        catch (Exception fault) when (fault is HttpRequestException or TimeoutException or OperationCanceledException && !cancel.IsCancellationRequested)
        {
            IsReady = false;
        }
    }

    public async Task<Socket?> ConnectAsync(CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(address.Host, address.Port, cancel);
            return socket;
        }
        catch (Exception fault) when (fault is SocketException or OperationCanceledException)
        {
            socket.Dispose();
            return null;
        }
    }

    public void Dispose() => _http.Dispose();
}
