using System.Net.Sockets;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>A client that says exactly what it is told to.</summary>
sealed class RawConnection : IDisposable
{
    readonly TcpClient _client = new();

    public Socket Socket => _client.Client;

    public Wire Wire { get; private set; } = null!;

    public static async Task<RawConnection> SayAsync(Uri address, string request, int? receiveBuffer = null)
    {
        var raw = new RawConnection();
        if (receiveBuffer is not null) raw._client.ReceiveBufferSize = receiveBuffer.Value;
        await raw._client.ConnectAsync(address.Host, address.Port);
        raw.Wire = new(null, raw._client.GetStream());
        await raw.SayAsync(request);
        return raw;
    }

    public async Task SayAsync(string text) => await _client.GetStream().WriteAsync(Encoding.Latin1.GetBytes(text));

    public void Dispose() => _client.Dispose();
}
