using System.Net;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Groups over HTTP (spec sections 4 and 5).</summary>
public sealed class GroupTests : IAsyncLifetime
{
    GatewayHost _host = null!;

    public async ValueTask InitializeAsync() => _host = await GatewayHost.StartAsync();

    public async ValueTask DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task Members_join_get_a_send_and_leave()
    {
        Assert.Equal("""{"group":"g","added":1,"removed":0,"count":1}""", await AnswerAsync(HttpMethod.Put, "/groups/g/members/a", 200));
        Assert.Equal("""{"group":"g","added":0,"removed":0,"count":1}""", await AnswerAsync(HttpMethod.Put, "/groups/g/members/a", 200));
        Assert.Equal("""{"group":"g","added":2,"removed":0,"count":3}""", await AnswerAsync(HttpMethod.Post, "/groups/g/members", 200, """{"add":["b","c"]}"""));
        Assert.Equal("""{"group":"g","count":3,"members":["a","b"],"next":"b"}""", await AnswerAsync(HttpMethod.Get, "/groups/g?limit=2", 200));
        Assert.Equal("""{"group":"g","count":3,"members":["c"],"next":null}""", await AnswerAsync(HttpMethod.Get, "/groups/g?after=b", 200));
        Assert.Equal("""{"group":"g","members":2,"stored":2,"refused":0}""", await AnswerAsync(HttpMethod.Post, "/groups/g?except=b&except=zz", 201, "hi"));
        Assert.Contains("\"group\":\"g\",\"data\":\"hi\"", await _host.Http.GetStringAsync("/mailboxes/a?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.EndsWith("\"messages\":[]}", await _host.Http.GetStringAsync("/mailboxes/b?wait=0", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.Equal("""{"group":"g","added":0,"removed":1,"count":2}""", await AnswerAsync(HttpMethod.Delete, "/groups/g/members/a", 200));
        await AnswerAsync(HttpMethod.Delete, "/groups/g", 204);
        await AnswerAsync(HttpMethod.Get, "/groups/g", 404);
    }

    [Fact]
    public async Task A_send_to_a_group_without_members_stores_nothing() =>
        Assert.Equal("""{"group":"none","members":0,"stored":0,"refused":0}""", await AnswerAsync(HttpMethod.Post, "/groups/none", 201, "x"));

    [Fact]
    public async Task A_slash_in_a_name_is_decoded_once_from_the_raw_target()
    {
        Assert.StartsWith("HTTP/1.1 200 ", await RawAsync("PUT /groups/a%2Fb/members/m HTTP/1.1"), StringComparison.Ordinal);
        Assert.NotNull(await _host.Grid.GetGroupAsync(GroupName.Parse("a/b"), null, 10, TestContext.Current.CancellationToken));
        Assert.StartsWith("HTTP/1.1 200 ", await RawAsync("PUT http://x/groups/%61%2fc/members/m%2E1?x=/y HTTP/1.1"), StringComparison.Ordinal);
        Assert.Equal("m.1", (await _host.Grid.GetGroupAsync(GroupName.Parse("a/c"), null, 10, TestContext.Current.CancellationToken))!.Members.Single().ToString());
        Assert.StartsWith("HTTP/1.1 400 ", await RawAsync("PUT /groups/a%252Fb/members/m HTTP/1.1"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 400 ", await RawAsync("PUT /groups/a%2F%2Fb/members/m HTTP/1.1"), StringComparison.Ordinal);
        Assert.StartsWith("HTTP/1.1 404 ", await RawAsync("PUT /groups/a/b/members/m HTTP/1.1"), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"add":"a"}""")]
    [InlineData("""{"add":[1]}""")]
    [InlineData("""[]""")]
    [InlineData("""{"add":["\ud800"]}""")]
    [InlineData("""{"add":["a"]""")]
    public async Task A_list_of_members_that_is_not_valid_changes_nothing(string body)
    {
        var answer = await AnswerAsync(HttpMethod.Post, "/groups/g/members", 400, body);
        Assert.Matches("urn:mailbox:problem:bad-(body|name)", answer);
        Assert.Null(await _host.Grid.GetGroupAsync(GroupName.Parse("g"), null, 1, TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Ten_thousand_names_go_in_one_call_and_no_more()
    {
        var names = Enumerable.Range(0, 10_001).Select(number => $"\"m{number}\"").ToList();
        Assert.Contains("\"count\":10000", await AnswerAsync(HttpMethod.Post, "/groups/g/members", 200, $"{{\"add\":[{string.Join(',', names.Skip(1))}]}}"), StringComparison.Ordinal);
        await AnswerAsync(HttpMethod.Post, "/groups/g/members", 400, $"{{\"add\":[{string.Join(',', names)}]}}");
    }

    [Fact]
    public async Task A_name_in_except_that_is_not_valid_is_400() => await AnswerAsync(HttpMethod.Post, "/groups/g?except=a%20b", 400, "x");

    async Task<string> AnswerAsync(HttpMethod method, string path, int status, string? body = null)
    {
        using var answer = await _host.SendAsync(method, path, body is null ? null : Encoding.UTF8.GetBytes(body));
        Assert.Equal((HttpStatusCode)status, answer.StatusCode);
        return await answer.Content.ReadAsStringAsync();
    }

    async Task<string> RawAsync(string line)
    {
        using var raw = await RawConnection.SayAsync(_host.Address, line + "\r\nHost: x\r\n\r\n");
        return await raw.Wire.UntilAsync("\r\n");
    }
}
