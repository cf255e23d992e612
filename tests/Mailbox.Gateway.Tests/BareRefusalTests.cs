namespace Mailbox.Gateway.Tests;

/// <summary>What the web server refuses by itself, before the gateway sees it (docs/protocol.md, "Problems").</summary>
public sealed class BareRefusalTests
{
    [Theory]
    [InlineData("no HTTP\r\n\r\n", 400)]
    [InlineData("POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n", 400)]
    [InlineData("GET /mailboxes/a HTTP/1.1\r\n\r\n", 400)]
    [InlineData("GET /mailboxes/a?client=LONG HTTP/1.1\r\nHost: x\r\n\r\n", 414)]
    [InlineData("GET /mailboxes/a HTTP/1.1\r\nHost: x\r\nX: LONG\r\n\r\n", 431)]
    public async Task A_request_that_is_not_whole_has_a_status_no_body_and_ends_its_connection(string request, int status)
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawConnection.SayAsync(host.Address, request.Replace("LONG", new string('x', 33_000), StringComparison.Ordinal));
        var answer = await raw.Wire.RestAsync();
        Assert.StartsWith($"HTTP/1.1 {status} ", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nContent-Length: 0\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("\r\nConnection: close\r\n", answer, StringComparison.Ordinal);
        Assert.EndsWith("\r\n\r\n", answer, StringComparison.Ordinal);
    }
}
