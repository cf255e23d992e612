using System.IO.Compression;
using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Mailbox.Gateway.Tests;

/// <summary>What is not the gateway's own goes to the application and back as it is (spec section 6).</summary>
public sealed class ForwardingTests
{
    const int Seed = 20260202;
    const int Megabyte = 1 << 20;

    [Theory]
    [InlineData("GET", "/a%2Fb/../c%20d;x=1/?q=%2e%2E&r=a+b")]
    [InlineData("DELETE", "/%e4%bd%a0//?")]
    [InlineData("PROPFIND", "/mailbox")]
    [InlineData("GET", "/")]
    public async Task Method_path_and_query_are_passed_as_they_were_sent(string method, string target)
    {
        await using var app = await Application.StartAsync(static http =>
            http.Response.WriteAsync(http.Request.Method + " " + http.Features.Get<IHttpRequestFeature>()!.RawTarget));
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, $"{method} {target} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n");
        Assert.EndsWith($"{method} {target}", (await raw.Wire.RestAsync()).Replace("\r\n0\r\n\r\n", ""), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_gateway_keeps_its_own_routes()
    {
        await using var app = await Application.StartAsync(static http => http.Response.WriteAsync("app"));
        Assert.Equal("ready\n", await app.Http.GetStringAsync("/readyz", TestContext.Current.CancellationToken));
        Assert.Equal("app", await app.Http.GetStringAsync("/readyz/x", TestContext.Current.CancellationToken));
        Assert.Equal("app", await app.Http.GetStringAsync("/", TestContext.Current.CancellationToken));
        using var answer = await app.Gateway.DeliverAsync("a", "x");
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }

    [Fact]
    public async Task Headers_for_one_connection_stay_on_it_both_ways()
    {
        await using var app = await Application.StartAsync(static http =>
        {
            http.Response.Headers.Connection = "X-Down";
            http.Response.Headers["X-Down"] = "1";
            http.Response.Headers["X-End"] = "2";
            http.Response.Headers["Keep-Alive"] = "timeout=5";
            return http.Response.WriteAsync(string.Join(',', http.Request.Headers.Keys));
        });
        using var raw = await RawConnection.SayAsync(
            app.Gateway.Address,
            "GET / HTTP/1.1\r\nHost: h\r\nConnection: X-Up, X-Too\r\nX-Up: 1\r\nX-Too: 1\r\nX-On: 2\r\nTE: trailers\r\nProxy-Authorization: x\r\nUpgrade: h2c\r\nHTTP2-Settings: x\r\nKeep-Alive: x\r\n\r\n");
        var (head, sent) = (await raw.Wire.UntilAsync("\r\n\r\n"), await raw.Wire.UntilAsync("\r\n0\r\n"));
        Assert.DoesNotMatch("(?i)X-Down|Keep-Alive", head);
        Assert.Contains("\r\nX-End: 2\r\n", head, StringComparison.Ordinal);
        Assert.Contains("X-On", sent, StringComparison.Ordinal);
        Assert.DoesNotMatch("X-Up|X-Too|TE|Proxy-Authorization|Upgrade|HTTP2-Settings|Keep-Alive|Connection", sent);
    }

    // RFC 9110 section 7.6.1: also where the list has a word that the server obeys.
    [Theory]
    [InlineData("X-A")]
    [InlineData("close, X-A")]
    [InlineData("X-A, close")]
    [InlineData("keep-alive, X-A")]
    [InlineData("Keep-Alive , x-a")]
    [InlineData("keep-alive, close, X-A")]
    [InlineData(",,X-A ,\tclose")]
    [InlineData("Upgrade, X-A")]
    [InlineData("X-A\r\nConnection: close")]
    [InlineData("keep-alive\r\nConnection: X-A")]
    [InlineData("X-A\r\nConnection: Upgrade")]
    public async Task What_Connection_names_stays_here_whatever_else_it_says(string connection)
    {
        await using var app = await Application.StartAsync(static http => http.Response.WriteAsync(string.Join(',', http.Request.Headers.Keys)));
        using var raw = await RawConnection.SayAsync(
            app.Gateway.Address, $"GET / HTTP/1.1\r\nHost: h\r\nConnection: {connection}\r\nX-A: 1\r\nX-B: 2\r\n\r\n");
        await raw.Wire.UntilAsync("\r\n\r\n");
        var sent = await raw.Wire.UntilAsync("\r\n0\r\n");
        Assert.Contains("X-B", sent, StringComparison.Ordinal);
        Assert.DoesNotMatch("(?i)X-A|Connection", sent);
    }

    [Theory]
    [InlineData("HTTP/1.1", "keep-alive", true)]
    [InlineData("HTTP/1.1", "close", false)]
    [InlineData("HTTP/1.1", "close, X-A", false)]
    [InlineData("HTTP/1.1", "", true)]
    [InlineData("HTTP/1.0", "keep-alive", true)]
    [InlineData("HTTP/1.0", "X-A", false)]
    public async Task What_Connection_asks_of_the_gateway_is_done(string version, string connection, bool isKept)
    {
        await using var app = await Application.StartAsync(static http =>
        {
            http.Response.ContentLength = 2;
            return http.Response.WriteAsync("ok");
        });
        var request = $"GET / {version}\r\nHost: h\r\nConnection: {connection}\r\n\r\n";
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, request);
        await raw.Wire.UntilAsync("\r\n\r\nok");
        if (!isKept)
        {
            Assert.Equal("", await raw.Wire.RestAsync());
            return;
        }
        await raw.SayAsync(request);
        await raw.Wire.UntilAsync("\r\n\r\nok");
    }

    [Fact]
    public async Task The_application_learns_who_asks_and_for_what_and_clients_cannot_lie_to_it()
    {
        await using var app = await Application.StartAsync(WriteHeaders);
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/", headers:
            [("Host", "shop.example:81"), ("X-Forwarded-For", "9.9.9.9"), ("X_Forwarded_Host", "evil"), ("Forwarded", "for=9.9.9.9"), ("X-Forwarded-Port", "1"), ("Multiplex_Token", "t")]);
        var headers = await HeadersAsync(answer);
        Assert.Equal("shop.example:81", headers["Host"]);
        Assert.Equal("127.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal("http", headers["X-Forwarded-Proto"]);
        Assert.Equal("shop.example:81", headers["X-Forwarded-Host"]);
        Assert.Equal("for=127.0.0.1;proto=http;host=\"shop.example:81\"", headers["Forwarded"]);
        Assert.DoesNotContain(headers.Keys, static name => name.Contains('_', StringComparison.Ordinal) || name == "X-Forwarded-Port");
    }

    [Fact]
    public async Task A_proxy_in_front_is_believed_where_that_is_configured()
    {
        await using var app = await Application.StartAsync(WriteHeaders, backend: new() { TrustForwarded = true });
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/", headers: [("X-Forwarded-For", "9.9.9.9"), ("X-Forwarded-Proto", "https"), ("Forwarded", "for=9.9.9.9")]);
        var headers = await HeadersAsync(answer);
        Assert.Equal("9.9.9.9, 127.0.0.1", headers["X-Forwarded-For"]);
        Assert.Equal("https", headers["X-Forwarded-Proto"]);
        Assert.StartsWith("for=9.9.9.9, for=127.0.0.1", headers["Forwarded"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_megabyte_goes_both_ways_byte_for_byte(bool isHttp2)
    {
        await using var app = await Application.StartAsync(EchoWhole, isHttp2: isHttp2);
        var sent = new byte[Megabyte];
        new Random(Seed).NextBytes(sent);
        using var answer = await app.Gateway.SendAsync(HttpMethod.Post, "/", sent);
        Assert.Equal(sent, await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        Assert.Equal("7", answer.Headers.GetValues("X-Kept").Single());
    }

    [Theory]
    [InlineData("299 Strange Thing")]
    [InlineData("404 Gone Fishing")]
    public async Task A_status_keeps_its_number_and_its_words(string status)
    {
        await using var app = await RawApplication.StartAsync();
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        await app.AnswerAsync($"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
        Assert.Equal($"HTTP/1.1 {status}\r\n", await raw.Wire.UntilAsync("\r\n"));
    }

    [Fact]
    public async Task A_compressed_answer_is_passed_as_it_is()
    {
        using var packed = new MemoryStream();
        await using (var gzip = new GZipStream(packed, CompressionLevel.Optimal, leaveOpen: true)) gzip.Write("hello"u8);
        await using var app = await Application.StartAsync(http =>
        {
            http.Response.Headers.ContentEncoding = "gzip";
            return http.Response.Body.WriteAsync(packed.ToArray()).AsTask();
        });
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        Assert.Equal("gzip", answer.Content.Headers.ContentEncoding.Single());
        Assert.Equal(packed.ToArray(), await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_body_is_passed_up_while_it_comes()
    {
        var first = new TaskCompletionSource<int>();
        await using var app = await Application.StartAsync(async http =>
        {
            first.SetResult(await http.Request.Body.ReadAsync(new byte[16]));
            await http.Response.WriteAsync((await new StreamReader(http.Request.Body).ReadToEndAsync()).ToUpperInvariant());
        });
        using var raw = await RawConnection.SayAsync(app.Gateway.Address, "POST / HTTP/1.1\r\nHost: h\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        Assert.Equal(3, await first.Task.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken));
        await raw.SayAsync("3\r\ndef\r\n0\r\n\r\n");
        Assert.Contains("DEF", await raw.Wire.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_answer_is_passed_down_while_it_comes()
    {
        var more = new TaskCompletionSource();
        await using var app = await Application.StartAsync(async http =>
        {
            await http.Response.Body.FlushAsync();
            await more.Task;
            await http.Response.WriteAsync("one.");
            await http.Response.Body.FlushAsync();
            await new TaskCompletionSource().Task.WaitAsync(http.RequestAborted);
        });
        using var wire = await app.Gateway.OpenAsync("/", "*/*");
        more.SetResult();
        await wire.UntilAsync("one.");
    }

    [Fact]
    public async Task Trailers_reach_a_client_of_HTTP_2()
    {
        await using var raw = await RawApplication.StartAsync();
        await using var gateway = await GatewayHost.StartAsync(isHttp2: true, backend: new() { Url = raw.Url });
        var asking = gateway.SendAsync(HttpMethod.Get, "/");
        await raw.AnswerAsync("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 97\r\n\r\n");
        using var answer = await asking;
        Assert.Equal("a", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("97", answer.TrailingHeaders.GetValues("X-Sum").Single());
    }

    [Theory]
    [InlineData("HEAD", 200)]
    [InlineData("GET", 204)]
    [InlineData("GET", 304)]
    public async Task An_answer_without_a_body_stays_one(string method, int status)
    {
        await using var app = await Application.StartAsync(http =>
        {
            http.Response.StatusCode = status;
            http.Response.Headers.ETag = "\"e\"";
            if (status != 204) http.Response.ContentLength = 12;
            return Task.CompletedTask;
        });
        using var answer = await app.Gateway.SendAsync(new(method), "/");
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("\"e\"", answer.Headers.ETag!.Tag);
        Assert.Empty(await answer.Content.ReadAsByteArrayAsync(TestContext.Current.CancellationToken));
        if (method == "HEAD") Assert.Equal(12, answer.Content.Headers.ContentLength);
    }

    [Fact]
    public async Task Headers_that_are_not_ASCII_keep_their_bytes()
    {
        await using var raw = await RawApplication.StartAsync();
        using var client = await RawConnection.SayAsync(raw.Gateway.Address, "GET / HTTP/1.1\r\nHost: h\r\nX-A: \u00c3\u00a4\r\n\r\n");
        var (_, application, head) = await raw.TakeAsync();
        Assert.Contains("X-A: \u00c3\u00a4\r\n", head, StringComparison.Ordinal);
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nX-B: \u00e4\u00ff\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nContent-Length: 0\r\n\r\n");
        var answer = await client.Wire.UntilAsync("\r\n\r\n");
        Assert.Contains("X-B: \u00e4\u00ff\r\n", answer, StringComparison.Ordinal);
        Assert.Contains("Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n", answer, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_client_that_expects_100_hears_it_when_the_application_reads_and_its_refusal_otherwise()
    {
        await using var app = await Application.StartAsync(async http =>
        {
            if (http.Request.Path == "/no") http.Response.StatusCode = 413;
            else await http.Response.WriteAsync(await new StreamReader(http.Request.Body).ReadToEndAsync());
        });
        const string Head = " HTTP/1.1\r\nHost: h\r\nConnection: close\r\nContent-Length: 2000\r\nExpect: 100-continue\r\n\r\n";
        using var accepted = await RawConnection.SayAsync(app.Gateway.Address, "POST /yes" + Head);
        Assert.Equal("HTTP/1.1 100 Continue\r\n\r\n", await accepted.Wire.UntilAsync("\r\n\r\n"));
        await accepted.SayAsync(new string('a', 1998) + "ok");
        Assert.Contains("aok", await accepted.Wire.RestAsync(), StringComparison.Ordinal);
        using var refused = await RawConnection.SayAsync(app.Gateway.Address, "POST /no" + Head);
        Assert.StartsWith("HTTP/1.1 413 ", await refused.Wire.UntilAsync("\r\n\r\n"), StringComparison.Ordinal);
    }

    static async Task EchoWhole(HttpContext http)
    {
        using var body = new MemoryStream();
        await http.Request.Body.CopyToAsync(body);
        http.Response.Headers["X-Kept"] = "7";
        await http.Response.Body.WriteAsync(body.ToArray());
    }

    static Task WriteHeaders(HttpContext http) =>
        http.Response.WriteAsync(string.Join('\n', http.Request.Headers.Select(static header => $"{header.Key}: {header.Value}")));

    static async Task<Dictionary<string, string>> HeadersAsync(HttpResponseMessage answer) =>
        (await answer.Content.ReadAsStringAsync()).Split('\n').Select(static line => line.Split(": ", 2)).ToDictionary(static pair => pair[0], static pair => pair[1]);
}
