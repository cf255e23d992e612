using System.Net;
using System.Net.Sockets;

namespace Mailbox.Clustering.Tests;

/// <summary>Passes connections to a port on to another, from when it is opened on.</summary>
sealed class Passage : IDisposable
{
    readonly TcpListener _listener;
    readonly List<TcpClient> _clients = [];

    public Passage(int from, int to)
    {
        _listener = new(IPAddress.Loopback, from);
        _listener.Start();
        _ = AcceptAsync(to);
    }

    async Task AcceptAsync(int to)
    {
        while (true)
        {
            TcpClient client = Kept(await _listener.AcceptTcpClientAsync()), server = Kept(new());
            await server.ConnectAsync(IPAddress.Loopback, to);
            _ = client.GetStream().CopyToAsync(server.GetStream());
            _ = server.GetStream().CopyToAsync(client.GetStream());
        }
    }

    TcpClient Kept(TcpClient client)
    {
        lock (_clients) _clients.Add(client);
        return client;
    }

    public void Dispose()
    {
        _listener.Dispose();
        lock (_clients) _clients.ForEach(static client => client.Dispose());
    }
}
