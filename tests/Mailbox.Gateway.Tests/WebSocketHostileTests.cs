namespace Mailbox.Gateway.Tests;

/// <summary>Bytes that are no WebSocket's end the connection with a reason and a code, and nothing else (RFC 6455 sections 5 and 7.4).</summary>
public sealed class WebSocketHostileTests
{
    const string Protocol = "bad-protocol";
    const string Frame = "bad-frame";

    public static TheoryData<string, string, string> Malformed => new()
    {
        { "a reserved opcode", RawSocket.Frame(0x83, "x"), Protocol },
        { "a reserved control opcode", RawSocket.Frame(0x8b, "x"), Protocol },
        { "reserved bits", RawSocket.Frame(0xf1, "x"), Protocol },
        { "no mask", "\u0081\u0008{\"a\":12}", Protocol },
        { "a fragmented ping", RawSocket.Frame(0x09, "x"), Protocol },
        { "a long ping", RawSocket.Frame(0x89, new string('x', 126)), Protocol },
        { "a continuation of nothing", RawSocket.Frame(0x80, "x"), Protocol },
        { "a message inside another", RawSocket.Frame(0x01, "x") + RawSocket.Frame(0x81, "x"), Protocol },
        { "a close of one byte", RawSocket.Frame(0x88, "x"), Protocol },
        { "a close with a code that nobody may send", RawSocket.Frame(0x88, "\u0003\u00ed"), Protocol },
        { "text that is not UTF-8", RawSocket.Frame(0x81, "\u00ff\u00fe"), Frame },
        { "half a character", RawSocket.Frame(0x81, "{\"ping\":\"\u00e2\u0082"), Frame },
        { "very deep JSON", RawSocket.Frame(0x81, "{\"ping\":" + new string('[', 1100) + new string(']', 1100) + "}"), Frame },
        { "an answer that is too long", RawSocket.Frame(0x81, "{\"ping\":\"" + new string('x', 300) + "\"}"), Frame },
        { "a number for a position", RawSocket.Frame(0x81, "{\"ack\":1.1}"), Frame },
    };

    [Theory]
    [MemberData(nameof(Malformed))]
    public async Task It_is_told_and_the_next_client_finds_all_well(string what, string bytes, string reason)
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawSocket.OpenAsync(host.Address);
        await raw.SayAsync(bytes);
        var told = await raw.Wire.UntilAsync(Goodbye(reason));
        Assert.True(told.Contains($"{{\"closed\":{{\"reason\":\"{reason}\",\"reconnect\":false", StringComparison.Ordinal), what);
        await GatewayHost.UntilAsync(() => host.Held.Count == 0);
        using var next = await SocketClient.OpenAsync(host, "/mailboxes/a");
        await next.NextAsync("position");
    }

    [Fact]
    public async Task A_client_that_pings_and_reads_nothing_is_not_read_on()
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawSocket.OpenAsync(host.Address, receiveBuffer: 4096);
        var pings = string.Concat(Enumerable.Repeat(RawSocket.Frame(0x89, new string('x', 125)), 1000));
        var sent = 0;
        // The socket's own buffers take some; then nothing is taken any more.
        for (var isTaken = true; isTaken && sent < 1000; sent++)
        {
            var saying = raw.SayAsync(pings);
            await GatewayHost.UntilAsync(() =>
            {
                host.Time.Pass(TimeSpan.FromSeconds(0.25));
                return saying.IsCompleted || host.Held.Count == 0;
            });
            isTaken = saying.IsCompletedSuccessfully;
        }
        Assert.True(sent < 1000);
    }

    [Fact]
    public async Task A_position_is_told_before_the_answer_to_what_came_with_the_request()
    {
        await using var host = await GatewayHost.StartAsync();
        using var raw = await RawConnection.SayAsync(host.Address, RawSocket.Request + "\r\n" + RawSocket.Frame(0x81, "{\"ping\":1}"));
        var told = await raw.Wire.UntilAsync("{\"pong\":1}");
        Assert.InRange(told.IndexOf("{\"position\":", StringComparison.Ordinal), 0, told.IndexOf("{\"pong\":", StringComparison.Ordinal));
    }

    static string Goodbye(string reason) => (reason == Protocol ? "\u0003\u00ea" : "\u0003\u00ef") + reason;
}
