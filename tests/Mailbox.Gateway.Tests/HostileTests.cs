using System.Net;

namespace Mailbox.Gateway.Tests;

/// <summary>What nobody should send (spec section 8).</summary>
public sealed class HostileTests
{
    const int Seed = 20260101;
    const int Requests = 2000;

    static readonly string[] s_heads =
    [
        "GET /mailboxes/%FF HTTP/1.1", "GET /mailboxes/a?after=%00 HTTP/1.1", "POST /mailboxes/a HTTP/1.1\r\nTTL: \u00ff", "PUT /groups/%2F/members/a HTTP/1.1",
        "GET //mailboxes/// HTTP/1.1", "POST /deliver HTTP/1.1\r\nContent-Type: multipart/mixed; boundary=\"\"", "GET /mailboxes/a?wait=99999999999999999999 HTTP/1.1",
        "OPTIONS * HTTP/1.1", "GET /mailboxes/a HTTP/1.1\r\nAccept: ;;;,q=", "GET /mailboxes/a HTTP/1.1\r\nAccept: */*;q=9", "DELETE /mailboxes/a/messages/%2e%2e HTTP/1.1",
        "POST /mailboxes/a HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked", "POST /mailboxes/a HTTP/1.1\r\nContent-Length: -1", "\u0000\u0001\u0002", "GET / HTTP/9.9",
        "POST /mailboxes/a HTTP/1.1\r\nContent-Length: 99999999999", "PUT /mailboxes/a HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 2",
    ];

    [Fact]
    public async Task Thousands_of_hostile_requests_are_refused_or_cut_off_and_leave_the_server_as_it_was()
    {
        await using var host = await GatewayHost.StartAsync();
        var random = new Random(Seed);
        for (var i = 0; i < Requests; i++)
        {
            var line = await StatusLineAsync(host, Mutated(s_heads[i % s_heads.Length], random));
            Assert.False(line.StartsWith("HTTP/1.1 500", StringComparison.Ordinal), $"{line} (seed {Seed}, request {i})");
        }
        await GatewayHost.UntilAsync(() => host.Held.Count == 0);
        using var answer = await host.DeliverAsync("well", "and alive");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    static string Mutated(string head, Random random)
    {
        var characters = head.ToCharArray();
        if (random.Next(2) == 0) characters[random.Next(characters.Length)] = (char)random.Next(256);
        return new string(characters);
    }

    // The sender is gone before the body it promised: an answer or the end comes at once.
    static async Task<string> StatusLineAsync(GatewayHost host, string head)
    {
        using var raw = await RawConnection.SayAsync(host.Address, head + "\r\nHost: x\r\nConnection: close\r\n\r\n{}");
        raw.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        try
        {
            return (await raw.Wire.RestAsync()).Split('\r')[0];
        }
        catch (IOException)
        {
            return "";
        }
    }
}
