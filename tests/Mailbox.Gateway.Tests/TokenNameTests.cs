using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>A <c>Multiplex-Token</c> stands for its client's mailbox wherever a backend names one (spec section 6).</summary>
public sealed class TokenNameTests : IAsyncLifetime
{
    static readonly string s_key = Convert.ToBase64String(new byte[32]);
    static readonly MailboxName s_visitor = MailboxName.Parse("visitor:rM2O7u7_PDuygGSv7P30Pw");
    static readonly string s_token = new MailboxTokens(TokenKey.Parse(s_key)).Make(s_visitor);

    GatewayHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync(new() { TokenKey = s_key });

    public ValueTask DisposeAsync() => _host.DisposeAsync();

    public static TheoryData<string, string, string?> Joins() => new()
    {
        { "PUT", $"/groups/g/members/{s_token}", null },
        { "POST", "/groups/g/members", $$"""{"add":["{{s_token}}"]}""" },
    };

    public static TheoryData<string, string, string?> Sends() => new()
    {
        { "POST", $"/mailboxes/{s_token}", "hello" },
        { "POST", "/groups/g", "hello" },
        { "POST", "/deliver", $$"""{"to":["{{s_token}}"],"message":{"contentType":"text/plain","data":"hello"} }""" },
        { "POST", "/deliver", $"--b\r\nMailbox: {s_token}\r\n\r\nhello\r\n--b--" },
        { "POST", "/deliver", $"--b\r\nMultiplex-Token: {s_token}\r\n\r\nhello\r\n--b--" },
    };

    public static TheoryData<string, string, string?> Excepted() => new()
    {
        { "POST", $"/groups/g?except={s_token}", "hello" },
        { "POST", "/deliver", $$"""{"groups":["g"],"except":["{{s_token}}"],"message":{"data":1} }""" },
        { "POST", "/deliver", $"--b\r\nGroup: g\r\nExcept: {s_token}\r\n\r\nhello\r\n--b--" },
    };

    public static TheoryData<string, string, string?> Leaves() => new()
    {
        { "DELETE", $"/groups/g/members/{s_token}", null },
        { "POST", "/groups/g/members", $$"""{"remove":["{{s_token}}"]}""" },
        { "DELETE", $"/mailboxes/{s_token}", null },
    };

    [Theory, MemberData(nameof(Joins))]
    public async Task A_visitor_joins_a_group(string method, string path, string? body)
    {
        await OkAsync(method, path, body);
        Assert.Equal([s_visitor], (await _host.Grid.GetGroupAsync(GroupName.Parse("g"), null, 10, TestContext.Current.CancellationToken))!.Members);
    }

    [Theory, MemberData(nameof(Sends))]
    public async Task A_visitor_gets_what_is_sent(string method, string path, string? body)
    {
        await JoinAsync();
        await OkAsync(method, path, body);
        Assert.Contains("\"data\":\"hello\"", await _host.Http.GetStringAsync($"/mailboxes/{s_visitor}?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal(s_visitor, Assert.Single(await _host.Grid.ListAsync(null, 10, TestContext.Current.CancellationToken)));
    }

    [Theory, MemberData(nameof(Excepted))]
    public async Task A_visitor_is_kept_out(string method, string path, string? body)
    {
        await JoinAsync();
        await _host.Grid.ChangeMembersAsync(GroupName.Parse("g"), [MailboxName.Parse("bob")], [], TestContext.Current.CancellationToken);
        await OkAsync(method, path, body);
        Assert.Equal((0, 1), ((await _host.Grid.GetAsync(s_visitor, TestContext.Current.CancellationToken))!.Messages, (await _host.Grid.GetAsync(MailboxName.Parse("bob"), TestContext.Current.CancellationToken))!.Messages));
    }

    [Theory, MemberData(nameof(Leaves))]
    public async Task A_visitor_leaves(string method, string path, string? body)
    {
        await JoinAsync();
        await OkAsync(method, path, body);
        Assert.Null(await _host.Grid.GetGroupAsync(GroupName.Parse("g"), null, 10, TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("state")]
    [InlineData("?wait=0")]
    public async Task A_visitor_s_mailbox_is_looked_at(string what)
    {
        await _host.Grid.DeliverAsync(s_visitor, MessageDraft.FromText("x"), TestContext.Current.CancellationToken);
        using var answer = await _host.Http.GetAsync($"/mailboxes/{s_token}" + (what[0] == '?' ? what : "/" + what), TestContext.Current.CancellationToken);
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Equal(s_visitor, Assert.Single(await _host.Grid.ListAsync(null, 10, TestContext.Current.CancellationToken)));
    }

    [Theory]
    [InlineData("PUT", "/groups/g/members/{0}", null)]
    [InlineData("POST", "/mailboxes/{0}", "x")]
    [InlineData("POST", "/groups/g/members", "{{\"add\":[\"{0}\"]}}")]
    [InlineData("POST", "/groups/g?except={0}", "x")]
    public async Task A_visitor_s_token_that_was_changed_names_nothing(string method, string path, string? body)
    {
        var forged = s_token[..^1] + (s_token[^1] == 'A' ? 'E' : 'A');
        using var answer = await _host.SendAsync(
            new(method), string.Format(null, path, forged), body is null ? null : Encoding.UTF8.GetBytes(string.Format(null, body, forged)));
        await Problems.OfAsync(answer, 400, "bad-token");
        Assert.Empty(await _host.Grid.ListAsync(null, 10, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task What_is_no_visitor_s_and_does_not_verify_is_a_name()
    {
        var name = "desk" + s_token[s_token.IndexOf('.', StringComparison.Ordinal)..];
        await OkAsync("POST", $"/mailboxes/{name}", "x");
        Assert.Equal(name, Assert.Single(await _host.Grid.ListAsync(null, 10, TestContext.Current.CancellationToken)).ToString());
    }

    ValueTask<MembersResult> JoinAsync() => _host.Grid.ChangeMembersAsync(GroupName.Parse("g"), [s_visitor], []);

    async Task OkAsync(string method, string path, string? body)
    {
        var type = path != "/deliver" ? "text/plain" : body!.StartsWith('{') ? "application/json" : "application/x-multiplex; boundary=b";
        if (path.EndsWith("/members", StringComparison.Ordinal)) type = "application/json";
        using var answer = await _host.SendAsync(new(method), path, body is null ? null : Encoding.UTF8.GetBytes(body), body is null ? [] : [("Content-Type", type)]);
        Assert.True(answer.IsSuccessStatusCode, await answer.Content.ReadAsStringAsync());
    }
}
