namespace Mailbox.Gateway.Tests;

/// <summary>Applications that are not there, are slow, break off, or answer what is no HTTP.</summary>
public sealed class BrokenBackendTests
{
    const int Megabyte = 1 << 20;

    [Fact]
    public async Task An_application_that_is_not_there_is_a_502()
    {
        await using var gateway = await GatewayHost.StartAsync(backend: new() { Url = "http://127.0.0.1:1" });
        using var answer = await gateway.SendAsync(HttpMethod.Post, "/x", new byte[100]);
        await Problems.OfAsync(answer, 502, "backend-unreachable");
    }

    [Fact]
    public async Task An_application_that_does_not_begin_its_answer_in_time_is_a_504()
    {
        await using var app = await RawApplication.StartAsync(new() { AnswerTimeout = TimeSpan.FromSeconds(5) });
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/x");
        var (_, client, _) = await app.TakeAsync();
        app.Gateway.Time.Pass(TimeSpan.FromSeconds(6));
        using var answer = await asking;
        await Problems.OfAsync(answer, 504, "backend-timed-out");
        Assert.Equal(0, await client.GetStream().ReadAsync(new byte[1], TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_slow_body_and_a_slow_answer_are_no_fault()
    {
        await using var app = await RawApplication.StartAsync(new() { AnswerTimeout = TimeSpan.FromSeconds(5) });
        using var client = await RawConnection.SayAsync(app.Gateway.Address, "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\n");
        var (wire, application, _) = await app.TakeAsync();
        foreach (var letter in "abc")
        {
            app.Gateway.Time.Pass(TimeSpan.FromSeconds(4));
            await client.SayAsync(letter.ToString());
            await wire.UntilAsync(letter.ToString());
        }
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n");
        await client.Wire.UntilAsync("\r\n\r\n");
        app.Gateway.Time.Pass(TimeSpan.FromMinutes(9));
        await RawApplication.SayAsync(application, "ok");
        await client.Wire.UntilAsync("ok");
    }

    [Theory]
    [InlineData("Content-Length: 10\r\n\r\nhalf")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n")]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\nnonsense")]
    public async Task An_answer_that_breaks_off_never_looks_whole(string rest)
    {
        await using var app = await RawApplication.StartAsync();
        using var client = await RawConnection.SayAsync(app.Gateway.Address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        var (_, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\n" + rest);
        await client.Wire.UntilAsync("half");
        RawApplication.Kill(application);
        var end = await Record.ExceptionAsync(async () => Assert.DoesNotContain("0\r\n\r\n", await client.Wire.RestAsync(), StringComparison.Ordinal));
        Assert.True(end is null or IOException, $"{end}");
    }

    [Fact]
    public async Task A_client_of_HTTP_2_sees_a_broken_answer_as_broken()
    {
        await using var app = await RawApplication.StartAsync();
        await using var gateway = await GatewayHost.StartAsync(isHttp2: true, backend: new() { Url = app.Url });
        var opening = gateway.OpenAsync("/", "*/*");
        var (_, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf");
        using var wire = await opening;
        await wire.UntilAsync("half");
        RawApplication.Kill(application);
        await Assert.ThrowsAnyAsync<IOException>(wire.RestAsync);
    }

    [Theory]
    [InlineData("nonsense\r\n\r\n")]
    [InlineData("")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Len")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5, 6\r\n\r\nabcdef")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 5,\r\n\r\nabcde")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: +5\r\n\r\nabcde")]
    [InlineData("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n")]
    [InlineData("HTTP/1.1 200 OK\r\nX-A: a\u0001b\r\nContent-Length: 0\r\n\r\n")]
    [InlineData("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: Upgrade\r\n\r\n")]
    public async Task An_answer_that_cannot_be_trusted_is_a_502(string said)
    {
        await using var app = await RawApplication.StartAsync();
        var asking = app.Gateway.SendAsync(HttpMethod.Post, "/x", []);
        await app.AnswerAsync(said);
        using var answer = await asking;
        await Problems.OfAsync(answer, 502, "backend-failed");
        Assert.False(answer.Headers.Contains("X-A"));
    }

    [Fact]
    public async Task An_application_may_answer_and_close_before_it_has_read_a_body()
    {
        await using var app = await RawApplication.StartAsync();
        var asking = app.Gateway.SendAsync(HttpMethod.Post, "/x", new byte[8 * Megabyte]);
        var (_, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
        application.Close();
        using var answer = await asking;
        Assert.Equal(413, (int)answer.StatusCode);
        Assert.Equal("big", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_connection_that_the_application_closed_meanwhile_is_no_fault()
    {
        await using var app = await RawApplication.StartAsync();
        for (var i = 0; i < 3; i++)
        {
            var asking = app.Gateway.SendAsync(HttpMethod.Post, "/x", new byte[10]);
            var (_, application, _) = await app.TakeAsync();
            await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            using var answer = await asking;
            Assert.Equal(200, (int)answer.StatusCode);
            application.Close();
        }
    }

    [Theory]
    [InlineData("GET", true)]
    [InlineData("DELETE", true)]
    [InlineData("POST", false)]
    [InlineData("PATCH", false)]
    public async Task What_can_be_repeated_is_asked_again_where_a_kept_connection_is_reset_and_all_else_is_done_once_at_most(string method, bool isRepeated)
    {
        await using var app = await RawApplication.StartAsync();
        var (wire, application) = await KeptAsync(app);
        var asking = app.Gateway.SendAsync(new(method), "/again");
        await wire.UntilAsync("/again HTTP/1.1\r\n");
        RawApplication.Kill(application);
        if (isRepeated) await app.AnswerAsync("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        using var answer = await asking;
        Assert.Equal(isRepeated ? 200 : 502, (int)answer.StatusCode);
        Assert.False(app.IsAsked);
    }

    [Fact]
    public async Task An_application_that_ends_every_connection_sees_a_request_once()
    {
        await using var app = await RawApplication.StartAsync();
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/x");
        await app.AnswerAsync("");
        using var answer = await asking;
        await Problems.OfAsync(answer, 502, "backend-failed");
        await app.SeesNoMoreAsync();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_request_is_repeated_once_at_most(bool isReset)
    {
        await using var app = await RawApplication.StartAsync();
        var (wire, application) = await KeptAsync(app);
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/again");
        await wire.UntilAsync("/again HTTP/1.1\r\n");
        if (isReset) RawApplication.Kill(application);
        else application.Client.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        await app.AnswerAsync("");
        using var answer = await asking;
        await Problems.OfAsync(answer, 502, "backend-failed");
        await app.SeesNoMoreAsync();
    }

    // RFC 9110 section 8.6.
    [Theory]
    [InlineData("Content-Length: 2\r\nContent-Length: 2\r\n\r\nok")]
    [InlineData("Content-Length: 2, 2\r\n\r\nok")]
    [InlineData("Content-Length: 2,2\r\nContent-Length: 2\r\n\r\nok and more")]
    public async Task A_length_may_be_said_several_times(string rest)
    {
        await using var app = await RawApplication.StartAsync();
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/x");
        var (_, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\n" + rest);
        using var answer = await asking;
        Assert.Equal((200, 2L, "ok"), ((int)answer.StatusCode, answer.Content.Headers.ContentLength, await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)));
    }

    static async Task<(Wire Wire, System.Net.Sockets.TcpClient Application)> KeptAsync(RawApplication app)
    {
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/");
        var (wire, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        (await asking).Dispose();
        return (wire, application);
    }
}
