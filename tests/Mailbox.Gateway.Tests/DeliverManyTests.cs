using System.Text;
using System.Text.RegularExpressions;

namespace Mailbox.Gateway.Tests;

/// <summary><c>POST /deliver</c> (spec sections 5 and 6).</summary>
public sealed partial class DeliverManyTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync(new() { MaxBodyBytes = 1000, MaxDeliverBytes = 20_000, MaxLetters = 5 });

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task One_letter_reaches_mailboxes_and_groups_but_the_excepted()
    {
        (await _host.SendAsync(HttpMethod.Post, "/groups/g/members", """{"add":["a","c","d"]}"""u8.ToArray())).Dispose();
        var answer = await DeliverAsync(200, """{"to":["a","b"],"groups":["g"],"except":["b","c"],"message":{"data":{"x":1},"type":"t","ttl":60,"topic":"z"}}""");
        Assert.Matches(
            """^{"to":\[{"mailbox":"a","position":"[^"]+","connections":0,"expires":"[^"]+"},{"mailbox":"b","excepted":true}\],"groups":"""
            + """\[{"group":"g","members":2,"stored":2,"refused":0}\]}$""",
            answer);
        Assert.Single(Letters().Matches(await ReadAsync("a")));
        Assert.Contains("\"type\":\"t\",\"contentType\":\"application/json\"", await ReadAsync("d"), StringComparison.Ordinal);
        Assert.EndsWith("\"messages\":[]}", await ReadAsync("c"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_list_is_taken_in_order_each_by_itself()
    {
        var answer = await DeliverAsync(
            200, """[{"to":["a"],"message":{"data":"1"}},{"to":["a b"],"message":{"data":"2"}},{"message":{"data":"3"}},{"to":["a"],"message":{"data":"4"}}]""");
        Assert.Matches("""^\[{"to":\[{"mailbox":"a".*},{"problem":{"type":"urn:mailbox:problem:bad-name".*},{"problem":{.*bad-body.*},{"to":.*\]$""", answer);
        Assert.Matches("\"data\":\"1\"}.*\"data\":\"4\"}\\]}$", await ReadAsync("a"));
    }

    [Theory]
    [InlineData("""{"data":"text"}""", "text/plain", "\"text\"")]
    [InlineData("""{"data":"AAE=","encoding":"base64","contentType":"text/x"}""", "text/x", "\"\\u0000\\u0001\"")]
    [InlineData("""{"data":[1.0,"x"]}""", "application/json", "[1.0,\"x\"]")]
    [InlineData("""{"data":"x","contentType":"application/json"}""", "application/json", "\"x\"")]
    [InlineData("""{"data":null}""", "application/json", "null")]
    public async Task The_data_of_a_letter_is_what_a_reader_gets(string message, string contentType, string data)
    {
        await DeliverAsync(200, $$$"""{"to":["a"],"message":{{{message}}}}""");
        var read = await ReadAsync("a");
        Assert.Contains($"\"contentType\":\"{contentType}\"", read, StringComparison.Ordinal);
        Assert.EndsWith($"\"data\":{data}}}]}}", read, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"to":["a"],"message":{}}""")]
    [InlineData("""{"to":["a"],"message":{"data":1,"ttl":-1}}""")]
    [InlineData("""{"to":["a"],"message":{"data":1,"ttl":{}}}""")]
    [InlineData("""{"to":["a"],"message":{"data":"!","encoding":"base64"}}""")]
    [InlineData("""{"to":["a"],"message":{"data":"\ud800"}}""")]
    [InlineData("""{"to":["a"],"message":{"data":1,"type":"mailbox.x"}}""")]
    [InlineData("""{"to":["a"],"\ud800":1,"message":{"data":1}}""")]
    [InlineData("""{"to":["a"],"message":{"data":1,"\ud800":1}}""")]
    [InlineData("""{"to":"a","message":{"data":1}}""")]
    [InlineData("""7""")]
    [InlineData("""{"to":["a"],""")]
    [InlineData("")]
    public async Task A_letter_that_is_not_valid_is_400(string body)
    {
        Assert.Contains("urn:mailbox:problem:bad-", await DeliverAsync(400, body), StringComparison.Ordinal);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("""{"to":["a"],"to":["b"],"message":{"data":1}}""", "to: stands there twice.")]
    [InlineData("""{"to":["a"],"message":{"data":1,"ttl":5,"ttl":6}}""", "message.ttl: stands there twice.")]
    [InlineData("""{"to":["a"],"message":{"data":1},"\u006dessage":{"data":2}}""", "message: stands there twice.")]
    public async Task A_member_that_stands_there_twice_is_named(string body, string detail)
    {
        Assert.Contains($"\"detail\":\"{detail}\"", await DeliverAsync(400, body), StringComparison.Ordinal);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Members_of_the_data_are_the_senders_own()
    {
        await DeliverAsync(200, """{"to":["a"],"message":{"data":{"x":1,"x":2}}}""");
        Assert.Contains("\"data\":{\"x\":1,\"x\":2}", await ReadAsync("a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Limits_of_letters_are_kept()
    {
        await DeliverAsync(413, $$$"""{"to":["a"],"message":{"data":"{{{new string('x', 1001)}}}"}}""");
        await DeliverAsync(413, $"[{string.Join(',', Enumerable.Repeat("{\"to\":[\"a\"],\"message\":{\"data\":1}}", 6))}]");
        await DeliverAsync(413, new string(' ', 20_001));
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Another_media_type_is_415() => await DeliverAsync(415, "x", "text/plain");

    [Theory]
    [InlineData("multipart/mixed; boundary=b")]
    [InlineData("multipart/x-anything; boundary=\"b\"")]
    [InlineData("application/x-multiplex; boundary=b")]
    public async Task Parts_are_addressed_by_their_own_headers(string contentType)
    {
        (await _host.SendAsync(HttpMethod.Post, "/groups/g%2F1/members", """{"add":["c","d","e"]}"""u8.ToArray())).Dispose();
        var answer = await DeliverAsync(
            200,
            "--b\r\nMailbox: a\r\nMailbox: b\r\nContent-Type: text/x\r\nMessage-Type: t\r\n\r\none\r\ntwo\r\n"
            + "--b\r\nGroup: g/1\r\nExcept: c\r\nExcept: d\r\n\r\nthree\r\n--b--\r\n",
            contentType);
        Assert.Matches(
            """^\[{"to":\[{"mailbox":"a",.*},{"mailbox":"b",.*}\],"groups":\[\]},{"to":\[\],"groups":\[{"group":"g/1","members":1,"stored":1,"refused":0}\]}\]$""", answer);
        Assert.Contains("\"type\":\"t\",\"contentType\":\"text/x\"", await ReadAsync("b"), StringComparison.Ordinal);
        Assert.Contains("\"data\":\"one\\r\\ntwo\"", await ReadAsync("a"), StringComparison.Ordinal);
        Assert.Contains("\"contentType\":\"text/plain\",", await ReadAsync("e"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a preamble\n")]
    [InlineData("\n")]
    public async Task Lines_may_all_end_with_a_bare_LF_and_bodies_are_what_was_sent(string preamble)
    {
        await DeliverAsync(
            200, preamble + "--b\nMailbox: a\nMailbox: b\n\none\n\ntwo\r\nthree\n--b\nMailbox: a\nMessage-Type: t\n\n\n\n--b--\n", "multipart/mixed; boundary=b");
        Assert.EndsWith("\"data\":\"one\\n\\ntwo\\r\\nthree\"}]}", await ReadAsync("b"), StringComparison.Ordinal);
        Assert.EndsWith("\"data\":\"\\n\"}]}", await ReadAsync("a"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_of_bare_lines_has_the_same_limit()
    {
        await DeliverAsync(200, $"--b\nMailbox: a\n\n{new string('\n', 1000)}\n--b--\n", "multipart/mixed; boundary=b");
        await DeliverAsync(413, $"--b\nMailbox: b\n\n{new string('\n', 1001)}\n--b--\n", "multipart/mixed; boundary=b");
        Assert.Equal(1000, (await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken))!.Bytes);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("b"), TestContext.Current.CancellationToken));
    }

    [Theory]
    [InlineData("--b\nMailbox: a\n\nbro")]
    [InlineData("--b\r\nMailbox: a\r\n\r\nbro")]
    [InlineData("--b\r\nMailbox: a\r\n")]
    [InlineData("--b\r\nMailbox: a\r\n\r\nbroken\r\n--c--\r\n")]
    [InlineData("--b\r\nno header\r\n\r\nx\r\n--b--\r\n")]
    [InlineData("--b\r\n\r\nno address\r\n--b--\r\n")]
    [InlineData("--b\r\nMailbox: a b\r\n\r\nx\r\n--b--\r\n")]
    [InlineData("--b\r\nMailbox: a\r\nTTL: long\r\n\r\nx\r\n--b--\r\n")]
    [InlineData("--b\r\n")]
    public async Task Whole_parts_before_a_fault_are_delivered_and_listed_and_nothing_of_the_broken_one(string fault)
    {
        var answer = await DeliverAsync(400, "--b\r\nMailbox: ok\r\n\r\nwhole\r\n" + fault, "multipart/mixed; boundary=b");
        Assert.Matches(""""^{"type":"urn:mailbox:problem:.*","status":400,"detail":".*","delivered":\[{"to":\[{"mailbox":"ok",[^]]*\],"groups":\[\]}\]}$"""", answer);
        Assert.Contains("\"data\":\"whole\"", await ReadAsync("ok"), StringComparison.Ordinal);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task A_part_above_the_limit_is_413_after_the_parts_before_it()
    {
        var answer = await DeliverAsync(413, $"--b\r\nMailbox: ok\r\n\r\nwhole\r\n--b\r\nMailbox: a\r\n\r\n{new string('x', 1001)}\r\n--b--\r\n", "multipart/mixed; boundary=b");
        Assert.Contains("\"delivered\":[{\"to\":[{\"mailbox\":\"ok\"", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("multipart/mixed")]
    [InlineData("multipart/mixed; boundary=\"\"")]
    [InlineData("multipart/mixed; boundary=\"b \"")]
    [InlineData("multipart/mixed; boundary=b; boundary=c")]
    [InlineData("application/x-multiplex; boundary=b*")]
    [InlineData("application/x-multiplex; boundary=12345678901234567890123456789012345678901234567890123456789012345678901")]
    public async Task A_multiplexed_body_without_one_valid_boundary_is_400(string contentType) =>
        Assert.Contains("Content-Type: must have one boundary", await DeliverAsync(400, "x", contentType), StringComparison.Ordinal);

    [Fact]
    public async Task A_form_is_415_and_told_what_to_send_instead()
    {
        var answer = await DeliverAsync(415, "--b\r\nMailbox: a\r\n\r\nx\r\n--b--\r\n", "multipart/form-data; boundary=b");
        Assert.Contains("application/x-multiplex or multipart/mixed", answer, StringComparison.Ordinal);
        Assert.Null(await _host.Grid.GetAsync(MailboxName.Parse("a"), TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Only_POST_delivers()
    {
        using var answer = await _host.Http.GetAsync("/deliver", TestContext.Current.CancellationToken);
        await Problems.OfAsync(answer, 405, "method-not-allowed");
        Assert.Equal(["POST"], answer.Content.Headers.Allow);
    }

    async Task<string> DeliverAsync(int status, string body, string contentType = "application/json")
    {
        using var answer = await _host.SendAsync(HttpMethod.Post, "/deliver", Encoding.UTF8.GetBytes(body), ("Content-Type", contentType));
        var text = await answer.Content.ReadAsStringAsync();
        Assert.True(status == (int)answer.StatusCode, $"{(int)answer.StatusCode}: {text}");
        Assert.Equal(status == 200 ? "application/json" : "application/problem+json", answer.Content.Headers.ContentType!.ToString());
        return text;
    }

    Task<string> ReadAsync(string mailbox) => _host.Http.GetStringAsync($"/mailboxes/{mailbox}?wait=0&from=oldest");

    [GeneratedRegex("\"data\":")]
    private static partial Regex Letters();
}
