using System.IO.Pipelines;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>What an application that speaks FastCGI is told (spec section 6).</summary>
public sealed class FastCgiRequestTests : FastCgiTest
{
    [Fact]
    public async Task An_application_is_told_of_the_request_as_CGI_does()
    {
        var asking = SeenAsync(Request("/a%20b/c?d=e%20f", headers: [new("X-Two", new(["1", "2"])), new("Multiplex-Token", "t"), new("Content-Type", "a/b")]));

        var (variables, expected) = ((await asking).Variables, new Dictionary<string, string>
        {
            ["GATEWAY_INTERFACE"] = "CGI/1.1",
            ["SERVER_SOFTWARE"] = "Mailbox.Orleans",
            ["SERVER_PROTOCOL"] = "HTTP/1.1",
            ["REQUEST_METHOD"] = "GET",
            ["REQUEST_SCHEME"] = "http",
            ["REQUEST_URI"] = "/a%20b/c?d=e%20f",
            ["QUERY_STRING"] = "d=e%20f",
            ["REDIRECT_STATUS"] = "200",
            ["SCRIPT_NAME"] = "",
            ["PATH_INFO"] = "/a b/c",
            ["REMOTE_ADDR"] = "127.0.0.1",
            ["REMOTE_PORT"] = "5000",
            ["SERVER_ADDR"] = "127.0.0.1",
            ["SERVER_PORT"] = "8080",
            ["SERVER_NAME"] = "example.org",
            ["HTTP_HOST"] = "example.org:8080",
            ["HTTP_X_TWO"] = "1, 2",
            ["HTTP_MULTIPLEX_TOKEN"] = "t",
            ["CONTENT_TYPE"] = "a/b",
        });
        Assert.Equal(expected.OrderBy(pair => pair.Key), variables.OrderBy(pair => pair.Key));
    }

    // FastCGI 1.0 section 3.3: an application reads its standard input to the end.
    [Fact]
    public async Task An_empty_body_of_unknown_length_ends_as_one_of_no_length()
    {
        var asked = await SeenAsync(Request(method: "POST", body: new MemoryStream()));
        Assert.Empty(asked.Body);
        Assert.False(asked.Variables.ContainsKey("CONTENT_LENGTH"));
    }

    [Theory]
    [InlineData("/%ff/%C3%BC", "/\u00ff/\u00c3\u00bc")]
    [InlineData("/%c0%ae%c0%ae/x", "/\u00c0\u00ae\u00c0\u00ae/x")]
    [InlineData("/%zz%4", "/%zz%4")]
    public async Task A_path_is_told_byte_by_byte(string target, string bytes)
    {
        var asking = AskForTextAsync(Request(target));
        var connection = await Application.AcceptAsync();
        var told = new List<byte>();
        while (await FastCgiPeer.ReadRecordAsync(connection) is var (type, content) && (type != 5 || content.Length > 0))
            if (type == 4) told.AddRange(content);
        Assert.Contains("PATH_INFO" + bytes, System.Text.Encoding.Latin1.GetString([.. told]), StringComparison.Ordinal);
        foreach (var record in new[] { FastCgiPeer.Output(Head), FastCgiPeer.End() }) await connection.WriteAsync(record, TestContext.Current.CancellationToken);
        await asking;
    }

    [Theory]
    [InlineData("Proxy")]
    [InlineData("X_Forwarded_For")]
    [InlineData("Multiplex_Token")]
    [InlineData("Content-Length")]
    public async Task A_header_that_would_be_taken_for_something_else_is_not_told(string name)
    {
        var asked = await SeenAsync(Request(headers: [new(name, "evil")]));
        Assert.DoesNotContain("evil", asked.Variables.Values);
    }

    [Fact]
    public async Task A_value_of_any_length_arrives()
    {
        var asked = await SeenAsync(Request(headers: [new("X-Short", new string('a', 127)), new("X-Long", new string('b', 128)), new("X-Huge", new string('c', 100_000))]));

        Assert.Equal(new string('a', 127), asked.Variables["HTTP_X_SHORT"]);
        Assert.Equal(new string('b', 128), asked.Variables["HTTP_X_LONG"]);
        Assert.Equal(new string('c', 100_000), asked.Variables["HTTP_X_HUGE"]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(200_000)]
    public async Task A_body_arrives_whole_and_its_length_before_it(int length)
    {
        var body = Encoding.ASCII.GetBytes(new string('x', length));
        var asked = await SeenAsync(Request(method: "POST", body: new MemoryStream(body), length: length));

        Assert.Equal(length.ToString(), asked.Variables["CONTENT_LENGTH"]);
        Assert.Equal(body, asked.Body);
    }

    [Fact]
    public async Task A_body_is_passed_on_while_it_comes()
    {
        var body = new Pipe();
        var asking = AskAsync(Request(method: "POST", body: body.Reader.AsStream(), length: 4), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();

        await body.Writer.WriteAsync("ab"u8.ToArray(), TestContext.Current.CancellationToken);
        var first = await RecordOfAsync(connection, 5);
        await body.Writer.WriteAsync("cd"u8.ToArray(), TestContext.Current.CancellationToken);
        var second = await RecordOfAsync(connection, 5);

        Assert.Equal("ab", Encoding.ASCII.GetString(first));
        Assert.Equal("cd", Encoding.ASCII.GetString(second));
        await connection.WriteAsync(FastCgiPeer.Output(Head), TestContext.Current.CancellationToken);
        await (await asking).DisposeAsync();
    }

    [Theory]
    [InlineData(5)]
    [InlineData(100_000)]
    public async Task A_body_without_a_length_is_given_one(int length)
    {
        var body = Encoding.ASCII.GetBytes(new string('x', length));
        var asked = await SeenAsync(Request(method: "POST", body: new MemoryStream(body)));

        Assert.Equal(length.ToString(), asked.Variables["CONTENT_LENGTH"]);
        Assert.Equal(body, asked.Body);
    }

    [Fact]
    public async Task A_body_without_a_length_is_refused_above_the_limit()
    {
        using var backend = BackendOf(new() { MaxUnsizedBytes = 10 });
        var fault = await Assert.ThrowsAsync<BackendException>(() => backend.AskAsync(Request(method: "POST", body: new MemoryStream(new byte[11])), TestContext.Current.CancellationToken).AsTask());
        Assert.Equal(413, fault.Problem.Kind.Status);
    }

    [Fact]
    public async Task A_body_that_breaks_off_breaks_the_request_off()
    {
        var body = new Pipe();
        var asking = AskAsync(Request(method: "POST", body: body.Reader.AsStream(), length: 10), TestContext.Current.CancellationToken);
        var connection = await Application.AcceptAsync();
        await body.Writer.WriteAsync("half"u8.ToArray(), TestContext.Current.CancellationToken);
        await RecordOfAsync(connection, 5);
        await body.Writer.CompleteAsync(new IOException("The client left."));

        Assert.Null(await FastCgiPeer.ReadRecordAsync(connection));
        await Assert.ThrowsAsync<BackendException>(() => asking);
    }

    [Fact]
    public async Task A_path_with_control_characters_is_refused()
    {
        var fault = await Assert.ThrowsAsync<BackendException>(() => AskAsync(Request("/a%00b.php"), TestContext.Current.CancellationToken));
        Assert.Equal(400, fault.Problem.Kind.Status);
    }

    async Task<FastCgiAsked> SeenAsync(BackendRequest request)
    {
        var seeing = Application.AnswerAsync(FastCgiPeer.Output(Head), FastCgiPeer.End());
        await AskForTextAsync(request);
        return await seeing;
    }

    static async Task<byte[]> RecordOfAsync(System.Net.Sockets.NetworkStream connection, byte type)
    {
        while (await FastCgiPeer.ReadRecordAsync(connection) is { } record)
            if (record.Type == type) return record.Content;
        throw new EndOfStreamException();
    }
}
