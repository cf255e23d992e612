using System.Net;
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
    [InlineData("Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
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
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: h\r\n\r\n", "204")]
    [InlineData("CONNECT h:80 HTTP/1.1\r\nHost: h:80\r\n\r\n", "405")]
    public async Task A_target_without_a_path_goes_to_no_application(string request, string status)
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

    [Theory]
    [InlineData("/a HTTP/1.1")]
    [InlineData("/a\u007fb")]
    public async Task A_target_of_HTTP_2_that_would_be_several_words_of_HTTP_1_is_refused(string target)
    {
        await using var app = await Application.StartAsync(static http => http.Response.WriteAsync("app"), isHttp2: true);
        var asSent = new Uri(app.Gateway.Address.GetLeftPart(UriPartial.Authority) + target, new UriCreationOptions { DangerousDisablePathAndQueryCanonicalization = true });
        using var request = new HttpRequestMessage(HttpMethod.Get, asSent) { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        using var answer = await app.Http.SendAsync(request, TestContext.Current.CancellationToken);
        await Problems.OfAsync(answer, 400, "bad-request");
    }

    [Fact]
    public async Task A_request_of_HTTP_1_0_has_no_chunks()
    {
        await using var app = await Application.StartAsync(static http => http.Response.WriteAsync("app"));
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "POST /x HTTP/1.0\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 400 ", await raw.Wire.UntilAsync("\r\n"), StringComparison.Ordinal);
    }
}
