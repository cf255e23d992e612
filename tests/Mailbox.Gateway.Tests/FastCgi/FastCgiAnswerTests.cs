namespace Mailbox.Gateway.Tests;

/// <summary>What becomes of the answers of an application that speaks FastCGI.</summary>
public sealed class FastCgiAnswerTests : FastCgiTest
{
    [Theory]
    [InlineData("Content-Type: a/b\r\n\r\nbody", 200)]
    [InlineData("Content-Type: a/b\n\nbody", 200)]
    [InlineData("Status: 404 Not Found\r\nContent-Type: a/b\r\n\r\nbody", 404)]
    [InlineData("status:201\nContent-Type: a/b\n\nbody", 201)]
    [InlineData("Location: /there\r\n\r\nbody", 302)]
    [InlineData("Location: /there\r\nStatus: 303 See Other\r\n\r\nbody", 303)]
    public async Task The_head_says_the_status(string answered, int status)
    {
        var answering = Application.AnswerAsync(FastCgiPeer.Output(answered), FastCgiPeer.End());
        await using var answer = await AskAsync(Request(), TestContext.Current.CancellationToken);

        Assert.Equal(status, answer.Status);
        Assert.Null(answer.Header("Status"));
        Assert.Equal("body", await TextOf(answer));
        await answering;
    }

    // RFC 9112 section 6.3: PHP applications count the characters and print a line end more.
    [Theory]
    [InlineData("Content-Length: 4\r\n\r\nbody\n", "")]
    [InlineData("Content-Length: 4\r\n\r\nbody", "\n\n")]
    [InlineData("Content-Length: 4\r\n\r\n", "body and more")]
    [InlineData("Content-Length: 4\r\nContent-Length: 4\r\n\r\nbo", "dy")]
    public async Task What_is_behind_the_length_is_dropped_and_the_connection_kept(string first, string then)
    {
        var asking = AskForTextAsync(Request());
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, [FastCgiPeer.Output(first), .. then.Length > 0 ? new[] { FastCgiPeer.Output(then) } : [], FastCgiPeer.Output(""), FastCgiPeer.End()]);
        Assert.Equal("body", await asking);

        var again = AskForTextAsync(Request());
        await FastCgiPeer.AnswerAsync(connection, FastCgiPeer.Output(Head + "again"), FastCgiPeer.End());
        Assert.Equal("again", await again);
    }

    [Fact]
    public async Task An_answer_that_has_its_length_is_whole_however_the_application_ends()
    {
        var asking = AskForTextAsync(Request());
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, FastCgiPeer.Output("Content-Length: 4\r\n\r\nbody"));
        await connection.DisposeAsync();
        Assert.Equal("body", await asking);
    }

    [Fact]
    public async Task A_header_may_come_several_times()
    {
        var answering = Application.AnswerAsync(FastCgiPeer.Output("Set-Cookie: a=1\r\nX: y\r\nset-cookie: b=2\r\n\r\n"), FastCgiPeer.End());
        await using var answer = await AskAsync(Request(), TestContext.Current.CancellationToken);

        Assert.Equal("a=1,b=2", answer.Headers.Single(header => header.Key == "Set-Cookie").Value.ToString());
        await answering;
    }

    [Fact]
    public async Task Records_may_be_cut_anywhere_and_padded()
    {
        var whole = FastCgiPeer.Output("Content-Type: a/b\r", 3).Concat(FastCgiPeer.Output("\n\r", 7)).Concat(FastCgiPeer.Output("\nbo", 255)).Concat(FastCgiPeer.Output("dy")).Concat(FastCgiPeer.End()).ToArray();
        var answering = Application.AnswerAsync([.. whole.Select(one => new[] { one })]);

        Assert.Equal("body", await AskForTextAsync(Request()));
        await answering;
    }

    [Fact]
    public async Task An_answer_is_read_while_it_comes()
    {
        var asking = AskAsync(Request(), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, FastCgiPeer.Output(Head));
        await using var answer = await asking;
        var first = new byte[10];

        var reading = answer.Body.ReadAsync(first, TestContext.Current.CancellationToken).AsTask();
        Assert.False(reading.IsCompleted);
        await connection.WriteAsync(FastCgiPeer.Output("now"), TestContext.Current.CancellationToken);
        Assert.Equal(3, await reading.WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken));
        await connection.WriteAsync(FastCgiPeer.Output("then"), TestContext.Current.CancellationToken);
        Assert.Equal(4, await answer.Body.ReadAsync(first, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_large_answer_arrives_whole()
    {
        var body = string.Concat(Enumerable.Range(0, 40_000).Select(number => $"{number},"));
        var answering = Application.AnswerAsync([FastCgiPeer.Output(Head), .. body.Chunk(60_000).Select(part => FastCgiPeer.Output(new(part), 5)), FastCgiPeer.End()]);

        Assert.Equal(body, await AskForTextAsync(Request()));
        await answering;
    }

    [Fact]
    public async Task What_an_application_says_on_its_standard_error_is_logged_line_by_line()
    {
        var answering = Application.AnswerAsync(FastCgiPeer.Errors("one\ntwo\u0007\n"), FastCgiPeer.Output(Head), FastCgiPeer.Errors("three"), FastCgiPeer.End());
        await AskForTextAsync(Request());

        Assert.Equal(["The application says: one", "The application says: two", "The application says: three"], Log.Lines.Select(line => line.TrimEnd()));
        await answering;
    }

    [Fact]
    public async Task An_application_cannot_fill_the_log()
    {
        var much = FastCgiPeer.Errors(new string('x', 60_000));
        var answering = Application.AnswerAsync([FastCgiPeer.Output(Head), .. Enumerable.Repeat(much, 20), FastCgiPeer.Output("done"), FastCgiPeer.End()]);

        Assert.Equal("done", await AskForTextAsync(Request()));
        Assert.InRange(Log.Lines.Sum(line => line.Length), 1, 20_000);
        await answering;
    }

    public static TheoryData<string, byte[]> NoAnswers() => new()
    {
        { "another version", FastCgiPeer.Record(6, [], version: 2) },
        { "another request", FastCgiPeer.Record(6, "Content-Type: a/b\r\n\r\n"u8.ToArray(), id: 2) },
        { "no record", "HTTP/1.1 400 Bad Request\r\n\r\n"u8.ToArray() },
        { "a record for applications", FastCgiPeer.Record(5, []) },
        { "an unknown type", FastCgiPeer.Record(99, [1, 2, 3]) },
        { "an end that is too short", FastCgiPeer.Record(3, [0, 0]) },
        { "only an end", FastCgiPeer.End() },
        { "overloaded", FastCgiPeer.End(2) },
        { "half a head", [.. FastCgiPeer.Output("Content-Type: a/b\r\n"), .. FastCgiPeer.End()] },
        { "no header", [.. FastCgiPeer.Output("Hello world\r\n\r\n"), .. FastCgiPeer.End()] },
        { "no head at all", [.. FastCgiPeer.Output("\r\nHello"), .. FastCgiPeer.End()] },
        { "a status that is none", [.. FastCgiPeer.Output("Status: fine\r\n\r\n"), .. FastCgiPeer.End()] },
        { "a status of HTTP's own", [.. FastCgiPeer.Output("Status: 101 Switching\r\n\r\n"), .. FastCgiPeer.End()] },
        { "two lengths", [.. FastCgiPeer.Output("Content-Length: 1\r\nContent-Length: 2\r\n\r\nab"), .. FastCgiPeer.End()] },
        { "a length that is none", [.. FastCgiPeer.Output("Content-Length: -1\r\n\r\nab"), .. FastCgiPeer.End()] },
        { "a head without an end", [.. FastCgiPeer.Output("X: " + new string('x', 60_000)), .. FastCgiPeer.Output(new string('x', 60_000))] },
        { "output after its end", [.. FastCgiPeer.Output(""), .. FastCgiPeer.Output(Head), .. FastCgiPeer.End()] },
    };

    [Theory]
    [MemberData(nameof(NoAnswers))]
    public async Task What_is_no_answer_is_a_fault_of_the_application(string what, byte[] answered)
    {
        var answering = Application.AnswerAsync(answered);
        var fault = await Assert.ThrowsAsync<BackendException>(() => AskAsync(Request(), TestContext.Current.CancellationToken));

        Assert.True(fault.Problem.Kind.Status == 502, what);
        await answering;
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("some", false)]
    [InlineData("some", true)]
    public async Task An_answer_that_breaks_off_never_ends_as_if_it_were_whole(string body, bool isInsideARecord)
    {
        var asking = AskAsync(Request(), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, FastCgiPeer.Output(Head + body));
        await using var answer = await asking;
        if (isInsideARecord) await connection.WriteAsync(FastCgiPeer.Output("more").AsMemory(0, 10), TestContext.Current.CancellationToken);
        await connection.DisposeAsync();

        await Assert.ThrowsAnyAsync<IOException>(() => TextOf(answer));
    }

    [Fact]
    public async Task An_answer_shorter_than_its_length_never_ends_as_if_it_were_whole()
    {
        var answering = Application.AnswerAsync(FastCgiPeer.Output("Content-Length: 5\r\n\r\nabcd"), FastCgiPeer.End());
        await Assert.ThrowsAsync<BackendException>(() => AskForTextAsync(Request()));
        await answering;
    }

    [Fact]
    public async Task A_connection_that_ends_behind_the_end_of_the_output_is_a_whole_answer()
    {
        var asking = AskAsync(Request(), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();
        await FastCgiPeer.AnswerAsync(connection, FastCgiPeer.Output(Head + "all"), FastCgiPeer.Output(""));
        connection.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
        await using var answer = await asking;

        Assert.Equal("all", await TextOf(answer));
    }

    [Fact]
    public async Task Mutated_answers_are_refused_or_read_to_an_end()
    {
        const int Seed = 20260401;
        var random = new Random(Seed);
        byte[] good = [.. FastCgiPeer.Output(Head + "body", 3), .. FastCgiPeer.Errors("err"), .. FastCgiPeer.Output("more"), .. FastCgiPeer.End()];
        for (var i = 0; i < 500; i++)
        {
            var mutated = good.ToArray();
            for (var n = random.Next(1, 4); n > 0; n--) mutated[random.Next(mutated.Length)] = (byte)random.Next(256);
            var asking = OutcomeAsync();
            var connection = await Application.AcceptAsync();
            await FastCgiPeer.AnswerAsync(connection, mutated);
            connection.Socket.Shutdown(System.Net.Sockets.SocketShutdown.Send);
            Assert.True(await asking is null or IOException, $"seed {Seed}, answer {i}");
        }
    }

    async Task<Exception?> OutcomeAsync()
    {
        using var backend = BackendOf(new() { KeepIdle = TimeSpan.Zero });
        return await Record.ExceptionAsync(async () =>
        {
            await using var answer = await backend.AskAsync(Request(method: "POST"), default).AsTask().WaitAsync(GatewayHost.Patience);
            await TextOf(answer);
        });
    }
}
