using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway.Tests;

/// <summary>Each client has a mailbox, which the application knows by a token (spec section 6).</summary>
public sealed class VisitorTests
{
    [Fact]
    public async Task A_first_visit_gets_a_cookie_and_the_next_has_the_same_token()
    {
        await using var app = await Application.StartAsync(WriteToken);
        using var first = await app.Gateway.SendAsync(HttpMethod.Get, "/", headers: [("Multiplex-Token", "mine")]);
        var (cookie, token) = (first.Headers.GetValues("Set-Cookie").Single(), await first.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.Equal($"mailbox={token}; Path=/; HttpOnly; SameSite=Lax", cookie);
        Assert.Matches("^visitor:[A-Za-z0-9_-]{22}[.][A-Za-z0-9_-]{43}$", token);
        using var second = await app.Gateway.SendAsync(HttpMethod.Get, "/", headers: [("Cookie", $"a=b; mailbox={token}; c=d")]);
        Assert.Equal(token, await second.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        Assert.False(second.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task A_cookie_that_was_not_made_here_is_none()
    {
        await using var app = await Application.StartAsync(WriteToken);
        var forged = new MailboxTokens(TokenKey.Random()).Make(MailboxName.Parse("admin"));
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/", headers: [("Cookie", $"mailbox={forged}")]);
        Assert.StartsWith("visitor:", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.True(answer.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("public, max-age=60", false, "public, max-age=60")]
    [InlineData("s-maxage=60", false, "s-maxage=60")]
    [InlineData("s-maxage=x", false, "s-maxage=x")]
    [InlineData("max-age=60", true, "max-age=60, private")]
    [InlineData("must-revalidate, max-age=60", true, "must-revalidate, max-age=60, private")]
    [InlineData("max-age=60, immutable", true, "max-age=60, immutable, private")]
    [InlineData("no-transform", true, "no-transform, private")]
    [InlineData("no-cache", true, "no-cache, private")]
    [InlineData("x=\"private\"", true, "x=\"private\", private")]
    [InlineData("private=\"X-A\"", true, "private=\"X-A\", private")]
    [InlineData("private, max-age=60", true, "private, max-age=60")]
    [InlineData("no-store", true, "no-store")]
    [InlineData(null, true, "private")]
    public async Task A_cache_that_many_share_gets_nobody_s_cookie(string? told, bool hasCookie, string caching)
    {
        await using var app = await Application.StartAsync(http =>
        {
            http.Response.Headers.CacheControl = told;
            return http.Response.WriteAsync("x");
        });
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        Assert.Equal(hasCookie, answer.Headers.Contains("Set-Cookie"));
        Assert.Equal(caching, string.Join(", ", answer.Headers.NonValidated["Cache-Control"]));
    }

    // RFC 9111 sections 3 and 4.3.4, RFC 9213: what a shared cache may keep in spite of Cache-Control.
    [Theory]
    [InlineData(200, "CDN-Cache-Control: max-age=60")]
    [InlineData(200, "Surrogate-Control: max-age=60")]
    [InlineData(304, "ETag: \"a\"")]
    public async Task No_cookie_reaches_a_shared_cache_by_another_header(int status, string header)
    {
        await using var app = await RawApplication.StartAsync();
        var asking = app.Gateway.SendAsync(HttpMethod.Get, "/");
        await app.AnswerAsync($"HTTP/1.1 {status} X\r\nCache-Control: private\r\n{header}\r\nContent-Length: 0\r\n\r\n");
        using var answer = await asking;
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.False(answer.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("max-age=60", true, "max-age=60, private")]
    [InlineData("public", false, "public")]
    public async Task What_the_part_for_the_client_says_of_caching_counts(string told, bool hasCookie, string caching)
    {
        await using var app = await Application.StartAsync(http =>
        {
            http.Response.ContentType = "application/x-multiplex; boundary=b";
            return http.Response.WriteAsync($"--b\r\nCache-Control: {told}\r\n\r\nx\r\n--b--");
        });
        using var answer = await app.Gateway.SendAsync(HttpMethod.Get, "/");
        Assert.Equal(hasCookie, answer.Headers.Contains("Set-Cookie"));
        Assert.Equal(caching, string.Join(", ", answer.Headers.NonValidated["Cache-Control"]));
    }

    [Theory]
    [InlineData("state")]
    [InlineData("ack?position=0000000000000001.1")]
    public async Task What_is_said_of_a_client_s_own_mailbox_is_kept_by_no_cache(string part)
    {
        await using var app = await Application.StartAsync(WriteToken);
        var token = await app.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        (await app.Gateway.DeliverAsync(token.Split('.')[0], "hello")).Dispose();
        var method = part == "state" ? HttpMethod.Get : HttpMethod.Post;
        using var answer = await app.Gateway.SendAsync(method, "/mailboxes/+me/" + part, method == HttpMethod.Post ? [] : null, ("Cookie", "mailbox=" + token));
        Assert.Equal("no-store", answer.Headers.CacheControl!.ToString());
    }

    [Fact]
    public async Task A_client_opens_its_own_mailbox_by_its_cookie()
    {
        await using var app = await Application.StartAsync(WriteToken);
        var token = await app.Http.GetStringAsync("/", TestContext.Current.CancellationToken);
        (await app.Gateway.DeliverAsync(token.Split('.')[0], "hello")).Dispose();
        using var wire = await app.Gateway.OpenAsync("/mailboxes/+me", "text/event-stream", ("Cookie", "mailbox=" + token));
        await wire.UntilAsync("data: hello\n\n");
        Assert.False(wire.Response.Headers.Contains("Set-Cookie"));
    }

    [Fact]
    public async Task Who_opens_its_own_mailbox_first_is_told_which_it_is()
    {
        await using var app = await Application.StartAsync(WriteToken);
        using var wire = await app.Gateway.OpenAsync("/mailboxes/%2Bme?wait=0", "*/*");
        var cookie = wire.Response.Headers.GetValues("Set-Cookie").Single().Split(';')[0];
        Assert.Equal(cookie.Split('=')[1], await app.TokenAsync(cookie));
    }

    [Fact]
    public async Task A_visitor_s_mailbox_is_removed_ten_minutes_after_the_last_reader_and_is_not_made_by_a_visit()
    {
        await using var app = await Application.StartAsync(WriteToken);
        var mailbox = MailboxName.Parse((await app.Http.GetStringAsync("/", TestContext.Current.CancellationToken)).Split('.')[0]);
        Assert.Null(await app.Gateway.Grid.GetAsync(mailbox, TestContext.Current.CancellationToken));
        var delivered = await app.Gateway.Grid.DeliverAsync(mailbox, new() { Body = "x"u8.ToArray(), ContentType = "text/plain" }, TestContext.Current.CancellationToken);
        Assert.Equal(600, (delivered.Expires - app.Gateway.Time.GetUtcNow()).TotalSeconds, tolerance: 1);
    }

    [Fact]
    public void A_token_is_read_where_the_key_is_the_same_and_nowhere_else()
    {
        var path = Path.Combine(Directory.CreateTempSubdirectory("mailbox").FullName, "data", "token.key");
        var name = MailboxName.Parse("a.b:c");
        var token = new MailboxTokens(TokenKey.InFile(path)).Make(name);
        var restarted = new MailboxTokens(TokenKey.InFile(path));
        Assert.True(restarted.TryRead(token, out var read));
        Assert.Equal(name, read);
        Assert.False(new MailboxTokens(TokenKey.Random()).TryRead(token, out _));
        for (var i = 0; i < token.Length; i++)
        {
            var other = token.ToCharArray();
            other[i] = other[i] == 'A' ? 'B' : 'A';
            // The last letter of the code has two bits that say nothing.
            if (i < token.Length - 1) Assert.False(restarted.TryRead(new(other), out _));
            Assert.False(restarted.TryRead(token[..i], out _));
        }
        if (!OperatingSystem.IsWindows()) Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(path));
        Directory.Delete(Path.GetDirectoryName(Path.GetDirectoryName(path))!, recursive: true);
    }

    static Task WriteToken(HttpContext http) => http.Response.WriteAsync(http.Request.Headers["Multiplex-Token"].ToString());
}
