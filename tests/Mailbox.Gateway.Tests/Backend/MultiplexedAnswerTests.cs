using System.IO.Compression;
using System.Net;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway.Tests;

/// <summary>One answer, many letters (spec section 6).</summary>
public sealed class MultiplexedAnswerTests
{
    const string Letter = "--b\r\nMailbox: a\r\n\r\nhello\r\n";
    const string Own = "--b\r\nStatus: 202 Accepted\r\nContent-Type: text/html\r\nX-A: a\r\n\r\n<p>done\r\n";
    const string End = "--b--\r\n";

    [Fact]
    public async Task The_part_without_an_address_answers_and_the_others_are_delivered()
    {
        await using var app = await Application.StartAsync(static http => AnswerAsync(http, Letter + Own + "--b\r\nMailbox: b\r\n\r\nworld\r\n" + End));
        using var answer = await app.Gateway.SendAsync(HttpMethod.Post, "/", [1]);
        Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode);
        Assert.Equal("<p>done", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal("text/html", answer.Content.Headers.ContentType!.ToString());
        Assert.Equal("kept", answer.Headers.GetValues("X-Kept").Single());
        Assert.Equal(["hello", "world"], [await app.LetterAsync("a"), await app.LetterAsync("b")]);
    }

    [Fact]
    public async Task Without_such_a_part_the_answer_is_204()
    {
        await using var app = await Application.StartAsync(static http => AnswerAsync(http, Letter + End));
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Null(answer.Content.Headers.ContentType);
        Assert.True(answer.Headers.Contains("Set-Cookie"));
        Assert.Equal("hello", await app.LetterAsync("a"));
    }

    [Fact]
    public async Task A_token_that_was_kept_addresses_its_client()
    {
        var kept = "";
        await using var app = await Application.StartAsync(http => http.Request.Path == "/join"
            ? http.Response.WriteAsync(kept = http.Request.Headers["Multiplex-Token"].ToString())
            : AnswerAsync(http, $"--b\r\nMultiplex-Token: {kept}\r\n\r\nfor you\r\n" + End));
        var token = await app.Http.GetStringAsync("/join", TestContext.Current.CancellationToken);
        (await app.Gateway.SendAsync(HttpMethod.Get, "/")).Dispose();
        using var wire = await app.Gateway.OpenAsync("/mailboxes/+me", "text/event-stream", ("Cookie", "mailbox=" + token));
        await wire.UntilAsync("data: for you\n\n");
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("br")]
    [InlineData("deflate")]
    public async Task A_compressed_body_is_decoded(string encoding)
    {
        await using var app = await Application.StartAsync(http =>
        {
            http.Response.Headers.ContentEncoding = encoding;
            return AnswerAsync(http, Compressed(encoding, Letter + Own + End));
        });
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        Assert.Equal("<p>done", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Empty(answer.Content.Headers.ContentEncoding);
        Assert.Equal("hello", await app.LetterAsync("a"));
    }

    // Its last delimiter has come; what the coding says of the whole has not.
    [Theory]
    [InlineData("gzip", 4)]
    [InlineData("gzip", 8)]
    [InlineData("br", 1)]
    [InlineData("deflate", 2)]
    public async Task A_compressed_body_that_was_cut_off_is_none(string encoding, int missing)
    {
        var body = Compressed(encoding, Letter + Own + End + new string(' ', 200));
        await using var app = await Application.StartAsync(http =>
        {
            http.Response.Headers.ContentEncoding = encoding;
            return AnswerAsync(http, body[..^missing]);
        });
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        await Problems.OfAsync(answer, 502, "backend-failed");
        Assert.Equal("hello", await app.LetterAsync("a"));
    }

    [Theory]
    [InlineData(Letter + "--b\r\nMailbox: a\r\n\r\nhalf")]
    [InlineData(Letter + "--b\r\nno header\r\n\r\nx\r\n" + End)]
    [InlineData(Letter + "--b\r\nMailbox: /\r\n\r\nx\r\n" + End)]
    [InlineData(Letter + "--b\r\nMultiplex-Token: forged\r\n\r\nx\r\n" + End)]
    [InlineData(Letter + "--b\r\nStatus: 99\r\n\r\nx\r\n" + End)]
    [InlineData(Letter + Own + Own + End)]
    public async Task A_fault_is_a_502_and_what_came_before_it_is_delivered(string said)
    {
        await using var app = await Application.StartAsync(http => AnswerAsync(http, said));
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        await Problems.OfAsync(answer, 502, "backend-failed");
        Assert.Equal("hello", await app.LetterAsync("a"));
    }

    [Fact]
    public async Task Letters_go_out_while_the_answer_still_comes_and_an_application_that_is_killed_then_is_a_502()
    {
        await using var app = await RawApplication.StartAsync();
        using var reader = await app.Gateway.OpenAsync("/mailboxes/a", "text/event-stream");
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/");
        var (_, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nContent-Type: application/x-multiplex; boundary=b\r\n\r\n" + Letter + "--b\r\n");
        await reader.UntilAsync("data: hello\n\n");
        await RawApplication.SayAsync(application, "Mailbox: a\r\n\r\nha");
        RawApplication.Kill(application);
        using var answer = await asking;
        await Problems.OfAsync(answer, 502, "backend-failed");
    }

    [Fact]
    public async Task A_client_does_not_wait_long_for_what_is_not_its_own_and_may_leave()
    {
        await using var app = await RawApplication.StartAsync();
        using var reader = await app.Gateway.OpenAsync("/mailboxes/a", "text/event-stream");
        var client = await RawConnection.SayAsync(app.Gateway.Address, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
        var (_, application, _) = await app.TakeAsync();
        await RawApplication.SayAsync(application, "HTTP/1.1 200 OK\r\nContent-Type: application/x-multiplex; boundary=b\r\n\r\n" + Own + Letter + "--b\r\nMailbox: a\r\n\r\nlat");
        await reader.UntilAsync("data: hello\n\n");
        app.Gateway.Time.Pass(TimeSpan.FromSeconds(1));
        Assert.Contains("Connection: close\r\n", await client.Wire.UntilAsync("<p>done"), StringComparison.Ordinal);
        client.Dispose();
        await RawApplication.SayAsync(application, "e\r\n" + End);
        application.Close();
        await reader.UntilAsync("data: late\n\n");
    }

    static Task AnswerAsync(HttpContext http, string body) => AnswerAsync(http, Encoding.UTF8.GetBytes(body));

    static async Task AnswerAsync(HttpContext http, byte[] body)
    {
        http.Response.ContentType = "application/x-multiplex; boundary=b";
        http.Response.Headers["X-Kept"] = "kept";
        await http.Response.Body.WriteAsync(body);
    }

    static byte[] Compressed(string encoding, string text)
    {
        using var packed = new MemoryStream();
        using (Stream packer = encoding switch
        {
            "gzip" => new GZipStream(packed, CompressionMode.Compress, leaveOpen: true),
            "br" => new BrotliStream(packed, CompressionMode.Compress, leaveOpen: true),
            _ => new ZLibStream(packed, CompressionMode.Compress, leaveOpen: true),
        })
            packer.Write(Encoding.UTF8.GetBytes(text));
        return packed.ToArray();
    }
}
