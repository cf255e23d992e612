using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace Mailbox.Tests;

/// <summary>Ports of the loopback interface for processes that a test starts, and stops and starts again.</summary>
static class Ports
{
    // Below the range from which Linux gives ports to outgoing connections (32768 and up): such a connection could have the port while the
    // process does not listen. 30000 is where clients of Orleans look for a silo.
    const int First = 20_000;
    const int End = 30_000;

    static readonly HashSet<int> s_given = [];

    /// <returns>One on which nobody listens and that was not returned before.</returns>
    public static int Free()
    {
        lock (s_given)
        {
            while (true)
            {
                var port = RandomNumberGenerator.GetInt32(First, End);
                if (IsFree(port) && s_given.Add(port)) return port;
            }
        }
    }

    static bool IsFree(int port)
    {
        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}
