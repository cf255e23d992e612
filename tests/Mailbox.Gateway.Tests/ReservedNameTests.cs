using System.Net.WebSockets;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Names that begin with <c>mailbox.</c> are the gateway's own: no route takes one, for reading or writing (spec S3).</summary>
public sealed class ReservedNameTests
{
    const string Own = "mailbox.webhooks";

    public static TheoryData<string, string, string?> Requests()
    {
        var data = new TheoryData<string, string, string?>();
        foreach (var name in new[] { Own, "mailbox.events:webhook:w", "mailbox.", "%6Dailbox%2Ewebhooks" })
        {
            data.Add("GET", $"/mailboxes/{name}?wait=0", null);
            data.Add("POST", $"/mailboxes/{name}", "x");
            data.Add("PUT", $"/mailboxes/{name}", "{}");
            data.Add("DELETE", $"/mailboxes/{name}", null);
            data.Add("GET", $"/mailboxes/{name}/state", null);
            data.Add("DELETE", $"/mailboxes/{name}/messages/0000000000000001.1", null);
            data.Add("POST", $"/mailboxes/{name}/ack?position=0000000000000001.1", null);
            data.Add("POST", $"/mailboxes/{name}/uplink", "x");
            data.Add("POST", $"/mailboxes/{name}/exchange", """{"client":"c","wait":0}""");
            data.Add("PUT", $"/groups/g/members/{name}", null);
            data.Add("DELETE", $"/groups/g/members/{name}", null);
            data.Add("POST", $"/groups/g?except={name}", "x");
        }
        foreach (var group in new[] { "mailbox.events", "mailbox.uplinks", "mailbox.x%2Fy" })
        {
            data.Add("GET", $"/groups/{group}", null);
            data.Add("POST", $"/groups/{group}", "x");
            data.Add("DELETE", $"/groups/{group}", null);
            data.Add("POST", $"/groups/{group}/members", """{"add":["a"]}""");
            data.Add("PUT", $"/groups/{group}/members/a", null);
            data.Add("DELETE", $"/groups/{group}/members/a", null);
        }
        data.Add("POST", "/groups/g/members", """{"add":["a","mailbox.webhooks"]}""");
        data.Add("POST", "/groups/g/members", """{"remove":["mailbox.webhooks"]}""");
        data.Add("POST", "/deliver", """{"to":["mailbox.webhooks"],"message":{"data":1}}""");
        data.Add("POST", "/deliver", """{"to":["a"],"groups":["mailbox.events"],"message":{"data":1}}""");
        data.Add("POST", "/deliver", """{"to":["a"],"except":["mailbox.webhooks"],"message":{"data":1}}""");
        return data;
    }

    [Theory, MemberData(nameof(Requests)), Trait("Rule", "S3")]
    public async Task No_route_takes_one(string method, string path, string? body)
    {
        await using var host = await GatewayHost.StartAsync();
        await Taker.JoinAsync(host);
        using var answer = await host.SendAsync(new(method), path, body is null ? null : Encoding.UTF8.GetBytes(body));
        await Problems.OfAsync(answer, 403, "reserved-name");
        Assert.Null(await host.Grid.GetAsync(MailboxName.Parse(Own), TestContext.Current.CancellationToken));
        Assert.Null(await host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
        Assert.Null(await host.Grid.GetGroupAsync(GroupName.Parse("g"), null, 1, TestContext.Current.CancellationToken));
    }

    [Theory, Trait("Rule", "S3")]
    [InlineData("Mailbox: mailbox.webhooks")]
    [InlineData("Mailbox: a\r\nMailbox: mailbox.webhooks")]
    [InlineData("Group: mailbox.events")]
    [InlineData("Mailbox: a\r\nExcept: mailbox.webhooks")]
    public async Task No_part_is_addressed_to_one(string headers)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(
            HttpMethod.Post, "/deliver", Encoding.UTF8.GetBytes($"--b\r\n{headers}\r\n\r\nx\r\n--b--"), ("Content-Type", "application/x-multiplex; boundary=b"));
        await Problems.OfAsync(answer, 403, "reserved-name");
        Assert.Empty(await host.Grid.ListAsync(null, 10, TestContext.Current.CancellationToken));
    }

    [Fact, Trait("Rule", "S3")]
    public async Task No_WebSocket_opens_one()
    {
        await using var host = await GatewayHost.StartAsync();
        using var socket = new ClientWebSocket();
        socket.Options.AddSubProtocol("mailbox.v1");
        socket.Options.CollectHttpResponseDetails = true;
        await Assert.ThrowsAsync<WebSocketException>(() => socket.ConnectAsync(new($"ws://{host.Address.Authority}/mailboxes/{Own}"), TestContext.Current.CancellationToken));
        Assert.Equal(403, (int)socket.HttpStatusCode);
    }

    [Fact, Trait("Rule", "S3")]
    public async Task Of_a_list_the_other_letters_are_delivered()
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await host.SendAsync(
            HttpMethod.Post, "/deliver", """[{"to":["mailbox.webhooks"],"message":{"data":1}},{"to":["a"],"message":{"data":2}}]"""u8.ToArray());
        Assert.Equal(200, (int)answer.StatusCode);
        Assert.Contains("urn:mailbox:problem:reserved-name", await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("a", Assert.Single(await host.Grid.ListAsync(null, 10, TestContext.Current.CancellationToken)).ToString());
    }

    [Fact, Trait("Rule", "S3")]
    public async Task The_list_of_mailboxes_shows_none_and_its_pages_are_full()
    {
        await using var endpoint = await Listener.StartAsync();
        await using var host = await GatewayHost.StartAsync();
        for (var i = 0; i < 5; i++)
            await host.SendAsync(HttpMethod.Put, $"/webhooks/w{i}", Encoding.UTF8.GetBytes($$"""{"url":"{{endpoint.Url}}","events":["deleted"],"secret":"s"}"""));
        foreach (var name in new[] { "a", "mail", "mailbox", "mailbox-1", "z" }) await host.DeliverAsync(name, "1");
        Assert.Equal("""{"mailboxes":["a","mail"],"next":"mail"}""", await host.Http.GetStringAsync("/mailboxes?limit=2", TestContext.Current.CancellationToken));
        Assert.Equal("""{"mailboxes":["mailbox","mailbox-1"],"next":"mailbox-1"}""", await host.Http.GetStringAsync("/mailboxes?limit=2&after=mail", TestContext.Current.CancellationToken));
        Assert.Equal("""{"mailboxes":["z"],"next":null}""", await host.Http.GetStringAsync("/mailboxes?limit=2&after=mailbox-1", TestContext.Current.CancellationToken));
    }
}
