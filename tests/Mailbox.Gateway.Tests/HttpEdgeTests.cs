using System.IO.Compression;
using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Requests at the edge of what HTTP allows: bodies, headers, targets and connections (spec section 5).</summary>
public sealed class HttpEdgeTests
{
    const string Json = "application/json";

    [Theory]
    [InlineData("POST", "/mailboxes/a/ack?position=1.1%00", "")]
    [InlineData("DELETE", "/mailboxes/a/messages/1.1%00", "")]
    [InlineData("GET", "/groups/g?limit=5%00", "")]
    [InlineData("POST", "/deliver", """{"to":["a"],"message":{"data":"x","ttl":"5\u0000"}}""")]
    [InlineData("POST", "/deliver", """{"to":["a"],"message":{"data":"x","idle":"5\u0000"}}""")]
    [InlineData("POST", "/mailboxes/a/exchange", """{"client":"c","wait":0,"after":"1.1\u0000"}""")]
    public async Task A_number_with_NULs_behind_it_is_none(string method, string path, string body)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(new(method), path, Encoding.UTF8.GetBytes(body), ("Content-Type", Json));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    [Theory]
    [InlineData("error")]
    [InlineData("open")]
    public async Task A_type_that_an_EventSource_would_take_for_its_own_event_goes_as_JSON(string type)
    {
        await using var host = await GatewayHost.StartAsync();
        using var stream = await host.OpenAsync("/mailboxes/a", "text/event-stream");
        (await host.DeliverAsync("a", "x", ("Content-Type", "text/plain"), ("Message-Type", type))).Dispose();
        (await host.DeliverAsync("a", "y", ("Content-Type", "text/plain"), ("Message-Type", "opened"))).Dispose();
        var seen = await stream.UntilAsync("data: y\n\n");
        Assert.Contains($"event: mailbox.message\ndata: {{\"position\":", seen, StringComparison.Ordinal);
        Assert.Contains($",\"type\":\"{type}\",", seen, StringComparison.Ordinal);
        Assert.Contains("event: opened\n", seen, StringComparison.Ordinal);
        Assert.DoesNotContain($"event: {type}\n", seen, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("POST", "/mailboxes/a", """{"a":1}""", 201)]
    [InlineData("POST", "/groups/g", """{"a":1}""", 201)]
    [InlineData("POST", "/deliver", """{"to":["a"],"message":{"data":{"a":1}}}""", 200)]
    [InlineData("POST", "/groups/g/members", """{"add":["a"]}""", 200)]
    [InlineData("PUT", "/mailboxes/a", """{"maxMessages":5}""", 204)]
    [InlineData("POST", "/mailboxes/a/uplink", """{"a":1}""", 404)]
    [InlineData("POST", "/mailboxes/a/exchange", """{"client":"c","wait":0}""", 200)]
    [InlineData("PUT", "/webhooks/w", """{"url":"http://127.0.0.1:9/","events":["opened"],"secret":"s"}""", 201)]
    public async Task What_Content_Encoding_says_of_a_body_is_undone_or_refused(string method, string path, string body, int status)
    {
        await using var host = await GatewayHost.StartAsync();
        using var _ = await host.SendAsync(HttpMethod.Put, "/groups/g/members/a");
        var bytes = Encoding.UTF8.GetBytes(body);
        foreach (var (coding, encoded) in new[]
        {
            ("gzip", Zipped(body)), ("BR", Compressed(bytes, static to => new BrotliStream(to, CompressionMode.Compress))),
            ("deflate", Compressed(bytes, static to => new ZLibStream(to, CompressionMode.Compress))), ("identity", bytes),
        })
        {
            using var answer = await host.SendAsync(new(method), path, encoded, ("Content-Type", Json), ("Content-Encoding", coding));
            Assert.Contains((int)answer.StatusCode, (int[])[status, status == 201 ? 200 : status]);
            if (coding == "identity") continue;
            foreach (var cut in new[] { 1, 5, encoded.Length - 1 })
            {
                using var half = await host.SendAsync(new(method), path, encoded[..^cut], ("Content-Type", Json), ("Content-Encoding", coding));
                await Problems.OfAsync(half, 400, "bad-body");
            }
        }
        using var unknown = await host.SendAsync(new(method), path, bytes, ("Content-Type", Json), ("Content-Encoding", "zstd"));
        Assert.Contains("gzip", await Problems.OfAsync(unknown, 415, "unsupported-media-type"), StringComparison.Ordinal);
        Assert.Equal("gzip, deflate, br", string.Join(", ", unknown.Headers.GetValues("Accept-Encoding")));
        using var wrong = await host.SendAsync(new(method), path, bytes, ("Content-Type", Json), ("Content-Encoding", "gzip"));
        await Problems.OfAsync(wrong, 400, "bad-body");
    }

    [Fact]
    public async Task A_delivery_is_stored_as_it_was_before_its_coding_and_bounded_by_that()
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 1000 });
        using var stored = await host.SendAsync(HttpMethod.Post, "/mailboxes/a", Zipped("""{"a":1}"""), ("Content-Type", Json), ("Content-Encoding", "gzip"));
        Assert.Equal(HttpStatusCode.Created, stored.StatusCode);
        Assert.Contains("\"data\":{\"a\":1}", await host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var bomb = await host.SendAsync(HttpMethod.Post, "/mailboxes/a", Zipped(new string('x', 1001)), ("Content-Encoding", "gzip"));
        await Problems.OfAsync(bomb, 413, "too-large");
        using var full = await host.SendAsync(HttpMethod.Post, "/mailboxes/a", Zipped(new string('x', 1000)), ("Content-Encoding", "gzip"));
        Assert.Equal(HttpStatusCode.Created, full.StatusCode);
    }

    [Fact]
    public async Task Parts_whose_coding_breaks_off_behind_the_last_delimiter_have_broken_off()
    {
        await using var host = await GatewayHost.StartAsync();
        var body = Zipped("--b\r\nMailbox: a\r\n\r\nx\r\n--b--\r\n" + new string('e', 5000));
        using var answer = await host.SendAsync(HttpMethod.Post, "/deliver", body[..^9], ("Content-Type", "multipart/mixed; boundary=b"), ("Content-Encoding", "gzip"));
        await Problems.OfAsync(answer, 400, "bad-body");
        using var whole = await host.SendAsync(HttpMethod.Post, "/deliver", body, ("Content-Type", "multipart/mixed; boundary=b"), ("Content-Encoding", "gzip"));
        Assert.Equal(HttpStatusCode.OK, whole.StatusCode);
    }

    [Theory]
    [InlineData("+2")]
    [InlineData("-0")]
    [InlineData("2,2")]
    [InlineData("0x2")]
    [InlineData("2_0")]
    [InlineData("1e0")]
    [InlineData("\u0662")]
    [InlineData("2 ")]
    [InlineData("00000000000000000000000000002")]
    public async Task A_length_is_digits(string length)
    {
        foreach (var isEmbedded in new[] { false, true })
        {
            await using var host = await GatewayHost.StartAsync(isEmbedded: isEmbedded);
            using var raw = await RawConnection.SayAsync(host.Address, $"POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {length}\r\n\r\nhi");
            var isLength = length.Trim() == "2";
            Assert.StartsWith(isLength ? "HTTP/1.1 201 " : "HTTP/1.1 400 ", await raw.Wire.RestAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task JSON_may_be_as_deep_wherever_it_is_said_as_it_is_told()
    {
        await using var host = await GatewayHost.StartAsync(new() { Uplink = "http://127.0.0.1:9/" });
        var deep = new string('[', 1000) + new string(']', 1000);
        (await host.DeliverAsync("a", deep, ("Content-Type", Json))).Dispose();
        Assert.Contains("\"data\":[[", await host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        foreach (var (path, body) in new[]
        {
            ("/deliver", $$$"""{"to":["a"],"message":{"data":{{{deep}}}}}"""),
            ("/deliver", $$$"""[{"to":["a"],"message":{"data":{{{deep}}}}}]"""),
            ("/mailboxes/a/exchange", $$$"""{"client":"c","wait":0,"uplink":[{"n":1,"data":{{{deep}}}}]}"""),
        })
        {
            using var answer = await host.SendAsync(HttpMethod.Post, path, Encoding.UTF8.GetBytes(body), ("Content-Type", Json));
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        Assert.Contains("\"data\":[[", await host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        using var tooDeep = await host.SendAsync(HttpMethod.Post, "/deliver", Encoding.UTF8.GetBytes(new string('[', 1100) + new string(']', 1100)), ("Content-Type", Json));
        Assert.Contains("1,000 levels", await Problems.OfAsync(tooDeep, 400, "bad-body"), StringComparison.Ordinal);
        using var socket = await RawSocket.OpenAsync(host.Address, path: "/mailboxes/b?client=c");
        await socket.SayAsync(0x81, $$$"""{"uplink":{"n":1,"data":{{{deep}}}}}""");
        await socket.Wire.UntilAsync("{\"uplink\":1}");
    }

    [Theory]
    [InlineData("POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n", "hi", " 201 ")]
    [InlineData("POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", "2\r\nhi\r\n0\r\n\r\n", " 201 ")]
    [InlineData("POST /deliver HTTP/1.1\r\nHost: x\r\nContent-Length: 38\r\n\r\n", """{"to":["a"],"message":{"data":"hello"}}""", " 400 ")]
    [InlineData("GET /mailboxes/a?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n", "", "\"messages\":[]}")]
    [InlineData("GET /mailboxes/a HTTP/1.1\r\nHost: x\r\n\r\n", "", "\"messages\":[]}")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "", " 200 ")]
    [InlineData("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\nGET /mailboxes HTTP/1.1\r\nHost: x\r\n\r\n", "", "\"mailboxes\":[")]
    public async Task A_client_that_ends_its_side_after_its_request_is_answered(string head, string body, string answered)
    {
        await using var host = await GatewayHost.StartAsync();
        for (var i = 0; i < 10; i++)
        {
            using var raw = await RawConnection.SayAsync(host.Address, head + body);
            raw.Socket.Shutdown(SocketShutdown.Send);
            Assert.Contains(answered, await raw.Wire.RestAsync(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_client_that_ends_its_side_after_its_request_is_answered_by_the_application()
    {
        await using var app = await Application.StartAsync(static async http =>
        {
            await http.Request.Body.CopyToAsync(Stream.Null);
            await http.Response.Body.WriteAsync("answered"u8.ToArray());
        });
        for (var i = 0; i < 10; i++)
        {
            using var raw = await RawConnection.SayAsync(app.Gateway.Address, "POST /page HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi");
            raw.Socket.Shutdown(SocketShutdown.Send);
            Assert.Contains("answered", await raw.Wire.RestAsync(), StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "M8")]
    public async Task What_is_answered_to_a_client_that_may_have_left_stays_unread()
    {
        await using var host = await GatewayHost.StartAsync();
        (await host.DeliverAsync("b", "kept")).Dispose();
        (await host.DeliverAsync("c", "kept")).Dispose();
        const string Second = "GET /mailboxes/b?wait=0 HTTP/1.1\r\nHost: x\r\n\r\n";
        const string Third = "POST /mailboxes/c/exchange HTTP/1.1\r\nHost: x\r\nContent-Length: 23\r\n\r\n{\"client\":\"c\",\"wait\":0}";
        // Its end is what ends the first request: the others are answered after it.
        using var raw = await RawConnection.SayAsync(host.Address, "GET /mailboxes/a HTTP/1.1\r\nHost: x\r\n\r\n" + Second + Third);
        await GatewayHost.UntilAsync(() => host.Held.Count == 1);
        raw.Socket.Shutdown(SocketShutdown.Send);
        var answers = await raw.Wire.RestAsync();
        Assert.Equal(4, answers.Split("HTTP/1.1 200 ").Length);
        (await host.DeliverAsync("a", "kept")).Dispose();
        foreach (var mailbox in "abc") Assert.Contains("contentType", await host.Http.GetStringAsync($"/mailboxes/{mailbox}?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_header_is_passed_on_byte_for_byte()
    {
        await using var app = await RawApplication.StartAsync();
        foreach (var header in new[] { "Cookie: n=x", "Cookie: n=Jos\u00c3\u00a9", "Cookie: n=Jos\u00e9", "User-Agent: caf\u00e9", "X-Own: \u0080\u00ff" })
        {
            using var raw = await RawConnection.SayAsync(app.Gateway.Address, $"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n");
            var (_, client, head) = await app.TakeAsync();
            Assert.Contains($"\r\n{header}\r\n", head, StringComparison.Ordinal);
            await RawApplication.SayAsync(client, "HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n");
            client.Close();
            await raw.Wire.RestAsync();
            using var own = await RawConnection.SayAsync(app.Gateway.Address, $"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n{header}\r\n\r\n");
            Assert.StartsWith("HTTP/1.1 200 ", await own.Wire.RestAsync(), StringComparison.Ordinal);
        }
    }

    [Fact, Trait("Rule", "M13")]
    public async Task A_key_is_the_same_in_a_header_and_in_JSON()
    {
        foreach (var isEmbedded in new[] { false, true })
        {
            await using var host = await GatewayHost.StartAsync(isEmbedded: isEmbedded);
            using var raw = await RawConnection.SayAsync(host.Address,
                "POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: text/plain\r\nIdempotency-Key: Jos\u00c3\u00a9\r\nContent-Length: 1\r\n\r\nx");
            await raw.Wire.RestAsync();
            using var again = await host.SendAsync(HttpMethod.Post, "/deliver", Encoding.UTF8.GetBytes("""{"to":["a"],"message":{"data":"x","id":"José"}}"""), ("Content-Type", Json));
            Assert.Equal(HttpStatusCode.OK, again.StatusCode);
            Assert.Contains("\"messages\":1,", await host.Http.GetStringAsync("/mailboxes/a/state", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task After_a_chunked_body_that_is_too_large_the_connection_can_be_used()
    {
        await using var host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 1000 });
        using var raw = await RawConnection.SayAsync(host.Address, "POST /mailboxes/a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n3f2\r\n" + new string('x', 0x3f2) + "\r\n0\r\n\r\n");
        Assert.Contains("HTTP/1.1 413 ", await raw.Wire.UntilAsync("1000 bytes.\"}"), StringComparison.Ordinal);
        await raw.SayAsync("GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 200 ", await raw.Wire.UntilAsync("ok\n"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"data":"a b","encoding":"base64"}""", "message.data: must be a string of base64")]
    [InlineData("""{"data":{},"encoding":"base64"}""", "message.data: must be a string of base64")]
    [InlineData("""{"data":"","encoding":"hex"}""", "message.encoding: must be 'base64'")]
    [InlineData("""{"data":"","encoding":7}""", "message.encoding: must be a string")]
    [InlineData("""{"data":"","contentType":7}""", "message.contentType: must be a string")]
    [InlineData("""{"data":"","type":{}}""", "message.type: must be 1 to 64 characters")]
    [InlineData("""{"data":"","ttl":[]}""", "message.ttl: must be 0 to 2592000 seconds")]
    [InlineData("""{"data":"\ud800"}""", "message.data: has half a surrogate pair")]
    public async Task A_refusal_names_the_member_and_what_is_allowed(string message, string detail)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(HttpMethod.Post, "/deliver", Encoding.UTF8.GetBytes($$"""{"to":["a"],"message":{{message}}}"""), ("Content-Type", Json));
        Assert.StartsWith(detail, await Problems.OfAsync(answer, 400, "bad-body"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("from=first", "from: must be 'unread', 'oldest' or 'now'.")]
    [InlineData("conflict=steal", "conflict: must be 'share', 'takeover' or 'reject'.")]
    public async Task A_word_that_is_none_is_answered_with_those_there_are(string query, string detail)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.Http.GetAsync("/mailboxes/a?" + query, TestContext.Current.CancellationToken);
        Assert.Equal(detail, await Problems.OfAsync(answer, 400, "bad-parameter"));
    }

    [Theory]
    [InlineData("POST", "/deliver", """{"to":["a"],"groups":null,"except":null,"message":{"data":"x","type":null,"contentType":null,"encoding":null,"ttl":null}}""", 200)]
    [InlineData("POST", "/mailboxes/a/exchange", """{"client":"c","wait":0,"after":null,"uplink":null}""", 200)]
    [InlineData("PUT", "/mailboxes/a", """{"idle":null,"overflow":null,"maxMessages":5}""", 204)]
    [InlineData("POST", "/groups/g/members", """{"add":["a"],"remove":null}""", 200)]
    public async Task Null_is_as_good_as_left_out(string method, string path, string body, int status)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(new(method), path, Encoding.UTF8.GetBytes(body), ("Content-Type", Json));
        Assert.Equal(status, (int)answer.StatusCode);
    }

    [Theory]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: x\r\n", 204)]
    [InlineData("GET http://example.org/healthz HTTP/1.1\r\nHost: other.example\r\n", 200)]
    [InlineData("POST http://example.org:8080/mailboxes/a HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n", 201)]
    public async Task Every_form_of_target_is_read_as_it_should_be(string head, int status)
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawConnection.SayAsync(host.Address, head + "Connection: close\r\n\r\n");
        Assert.StartsWith($"HTTP/1.1 {status} ", await raw.Wire.RestAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task OPTIONS_of_the_server_is_not_the_applications_and_the_host_of_an_absolute_target_counts()
    {
        await using var app = await RawApplication.StartAsync();
        using var options = await RawConnection.SayAsync(app.Gateway.Address, "OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
        Assert.StartsWith("HTTP/1.1 204 ", await options.Wire.RestAsync(), StringComparison.Ordinal);
        using var absolute = await RawConnection.SayAsync(app.Gateway.Address, "GET http://example.org/page HTTP/1.1\r\nHost: other.example\r\n\r\n");
        var (_, client, head) = await app.TakeAsync();
        Assert.StartsWith("GET /page HTTP/1.1\r\n", head, StringComparison.Ordinal);
        Assert.Contains("\r\nHost: example.org\r\n", head, StringComparison.Ordinal);
        RawApplication.Kill(client);
    }

    [Theory]
    [InlineData("https://app.example.org")]
    [InlineData("*")]
    public async Task An_allowed_page_can_import_the_client(string origin)
    {
        await using var host = await GatewayHost.StartAsync(new() { CorsOrigins = [origin] });
        using var file = await host.SendAsync(HttpMethod.Get, "/mailbox-client.js", headers: ("Origin", "https://app.example.org"));
        Assert.Equal(HttpStatusCode.OK, file.StatusCode);
        Assert.Equal(origin, file.Headers.GetValues("Access-Control-Allow-Origin").Single());
        using var preflight = await host.SendAsync(HttpMethod.Options, "/mailbox-client.js", headers: [("Origin", "https://app.example.org"), ("Access-Control-Request-Method", "GET")]);
        Assert.Equal(HttpStatusCode.NoContent, preflight.StatusCode);
        using var foreign = await host.SendAsync(HttpMethod.Get, "/mailbox-client.js", headers: ("Origin", "https://evil.example"));
        Assert.Equal(origin == "*", foreign.Headers.Contains("Access-Control-Allow-Origin"));
        Assert.Equal(origin != "*", foreign.Headers.Vary.Contains("Origin"));
    }

    static byte[] Zipped(string text) => Compressed(Encoding.UTF8.GetBytes(text), static to => new GZipStream(to, CompressionMode.Compress));

    static byte[] Compressed(byte[] bytes, Func<Stream, Stream> compress)
    {
        using var to = new MemoryStream();
        using (var stream = compress(to)) stream.Write(bytes);
        return to.ToArray();
    }
}
