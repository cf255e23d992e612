using System.Net.Sockets;
using System.Text;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>A connection that says exactly what a page says.</summary>
sealed class WireConnection(TcpClient client) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly byte[] _buffer = new byte[4096];
    string _ahead = "";

    public async Task SayAsync(string text) => await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(text));

    /// <summary>Says nothing more.</summary>
    public void End() => client.Client.Shutdown(SocketShutdown.Send);

    /// <summary>Reads up to and with a text.</summary>
    public async Task<string> UntilAsync(string end)
    {
        using var patience = new CancellationTokenSource(s_patience);
        int at;
        while ((at = _ahead.IndexOf(end, StringComparison.Ordinal)) < 0)
        {
            var read = await client.GetStream().ReadAsync(_buffer, patience.Token);
            Assert.True(read > 0, $"The connection ended before '{end}'. It said: {_ahead}");
            _ahead += Encoding.ASCII.GetString(_buffer, 0, read);
        }
        var text = _ahead[..(at + end.Length)];
        _ahead = _ahead[text.Length..];
        return text;
    }

    public void Dispose() => client.Dispose();
}
