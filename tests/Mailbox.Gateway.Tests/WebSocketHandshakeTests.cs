using System.Net;

namespace Mailbox.Gateway.Tests;

/// <summary>What a request must be to become a WebSocket, and what it is told where it is not (RFC 6455 section 4.2, spec section 8).</summary>
public sealed class WebSocketHandshakeTests
{
    static readonly (string Name, string Value)[] s_good =
    [
        ("Connection", "keep-alive, Upgrade"), ("Upgrade", "WebSocket"), ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="), ("Sec-WebSocket-Protocol", "other, mailbox.v1"),
    ];

    [Fact]
    public async Task A_socket_is_accepted_with_its_key_answered_and_its_protocol_named()
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await AskAsync(host);
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
        Assert.Equal("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", answer.Headers.GetValues("Sec-WebSocket-Accept").Single());
        Assert.Equal("mailbox.v1", answer.Headers.GetValues("Sec-WebSocket-Protocol").Single());
        Assert.False(answer.Headers.Contains("Sec-WebSocket-Extensions"));
    }

    [Theory]
    [InlineData("Sec-WebSocket-Protocol", null, 400, "bad-header")]
    [InlineData("Sec-WebSocket-Protocol", "mailbox.v2", 400, "bad-header")]
    [InlineData("Sec-WebSocket-Key", null, 400, "bad-header")]
    [InlineData("Sec-WebSocket-Key", "c2hvcnQ=", 400, "bad-header")]
    [InlineData("Sec-WebSocket-Version", "8", 426, "upgrade-required")]
    [InlineData("Connection", null, 426, "upgrade-required")]
    [InlineData("Upgrade", null, 426, "upgrade-required")]
    [InlineData("Upgrade", "h2c", 426, "upgrade-required")]
    public async Task What_is_not_a_socket_is_told_why(string header, string? value, int status, string problem)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await AskAsync(host, (header, value));
        Assert.Contains(header.Split('-')[^1], await Problems.OfAsync(answer, status, problem), StringComparison.Ordinal);
        if (status == 426) Assert.True(answer.Headers.Upgrade.Count > 0 || answer.Headers.GetValues("Sec-WebSocket-Version").Single() == "13");
    }

    [Theory]
    [InlineData(null, "http://evil.example", false)]
    [InlineData(null, "null", false)]
    [InlineData(null, "http://localhost:1", false)]
    [InlineData("https://www.example.org", "https://www.example.org", true)]
    [InlineData("https://www.example.org", "https://www.example.org.evil.example", false)]
    [InlineData("*", "http://evil.example", true)]
    public async Task A_page_of_another_origin_must_be_allowed(string? allowed, string origin, bool isAccepted)
    {
        await using var host = await GatewayHost.StartAsync(new() { CorsOrigins = allowed is null ? [] : [allowed] });
        using var answer = await AskAsync(host, ("Origin", origin));
        if (isAccepted) Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
        else await Problems.OfAsync(answer, 403, "bad-origin");
    }

    [Theory]
    [InlineData("http")]
    [InlineData("https")]
    public async Task A_page_of_the_gateways_own_origin_is_allowed(string scheme)
    {
        await using var host = await GatewayHost.StartAsync();
        using var answer = await AskAsync(host, ("Origin", $"{scheme}://{host.Address.Authority}"));
        Assert.Equal(HttpStatusCode.SwitchingProtocols, answer.StatusCode);
    }

    [Fact]
    public async Task What_refuses_a_poll_refuses_a_socket()
    {
        await using var host = await GatewayHost.StartAsync();
        using var stream = await host.OpenAsync("/mailboxes/a", "text/event-stream");
        using var held = await AskAsync(host, "/mailboxes/a?conflict=reject");
        await Problems.OfAsync(held, 409, "mailbox-held");
        using var bad = await AskAsync(host, "/mailboxes/a?after=nonsense");
        await Problems.OfAsync(bad, 400, "bad-position");
    }

    [Fact]
    public async Task CONNECT_for_anything_but_a_socket_is_not_allowed()
    {
        await using var host = await GatewayHost.StartAsync(isHttp2: true);
        using var request = new HttpRequestMessage(HttpMethod.Connect, "/mailboxes/a") { Version = HttpVersion.Version20, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        request.Headers.Protocol = "connect-udp";
        using var answer = await host.Http.SendAsync(request, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.MethodNotAllowed, answer.StatusCode);
    }

    static Task<HttpResponseMessage> AskAsync(GatewayHost host, params (string Name, string? Value)[] changes) => AskAsync(host, "/mailboxes/a", changes);

    static async Task<HttpResponseMessage> AskAsync(GatewayHost host, string path, params (string Name, string? Value)[] changes)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        foreach (var (name, value) in s_good.ExceptBy(changes.Select(change => change.Name), good => good.Name).Concat(changes!))
            if (value is not null) request.Headers.TryAddWithoutValidation(name, value);
        return await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
    }
}
