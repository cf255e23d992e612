using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway.Tests;

/// <summary>A request that two servers could read differently reaches no application.</summary>
public sealed class SmugglingTests
{
    [Theory]
    [InlineData("Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n")]
    [InlineData("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab")]
    [InlineData("Content-Length: 1, 2\r\n\r\nab")]
    [InlineData("Content-Length: 0x1\r\n\r\na")]
    [InlineData("Transfer-Encoding: identity, chunked, x\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X-A: b\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("X A: b\r\n\r\n")]
    [InlineData(": b\r\n\r\n")]
    [InlineData("X-A: a\u0000b\r\n\r\n")]
    [InlineData("X-A: a\rX-B: c\r\n\r\n")]
    [InlineData("X(A): b\r\n\r\n")]
    [InlineData("Host: other\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n1;\nG\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n-1\r\nG\r\n0\r\n\r\n")]
    public async Task A_request_that_is_framed_in_two_ways_or_has_no_header_names_is_refused(string rest)
    {
        var answered = 0;
        await using var app = await Application.StartAsync(async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            Interlocked.Increment(ref answered);
        });
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "POST /x HTTP/1.1\r\nHost: h\r\n" + rest);
        Assert.StartsWith("HTTP/1.1 400 ", await raw.Wire.UntilAsync("\r\n"), StringComparison.Ordinal);
        Assert.Equal(0, answered);
    }

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "400")]
    [InlineData("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", "405")]
    public async Task A_target_without_a_path_is_refused(string request, string status)
    {
        await using var app = await Application.StartAsync(static http => http.Response.WriteAsync("app"));
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, request);
        Assert.StartsWith($"HTTP/1.1 {status} ", await raw.Wire.UntilAsync("\r\n"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_target_with_an_authority_goes_to_the_application_by_its_path()
    {
        await using var app = await RawApplication.StartAsync();
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "GET http://h/a?b HTTP/1.1\r\nHost: h\r\n\r\n");
        var (_, _, head) = await app.TakeAsync();
        Assert.StartsWith("GET /a?b HTTP/1.1\r\nHost: h\r\n", head, StringComparison.Ordinal);
    }
}
