using System.Text.Json;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The README's curl examples, run as they stand against a server.</summary>
public sealed class CurlTests : IAsyncLifetime
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly ReadmeServer _server = new();

    public async ValueTask InitializeAsync() => await _server.StartAsync();

    public async ValueTask DisposeAsync() => await _server.StopAsync();

    [Fact]
    public async Task A_letter_can_be_delivered_to_a_mailbox_that_nobody_made()
    {
        var answer = JsonDocument.Parse(await _server.RunAsync("deliver")).RootElement;

        Assert.Equal("alice", answer.GetProperty("mailbox").GetString());
        Assert.EndsWith(".1", answer.GetProperty("position").GetString(), StringComparison.Ordinal);
        Assert.Equal(0, answer.GetProperty("connections").GetInt32());
    }

    [Fact]
    public async Task The_waiting_letter_comes_first_and_the_stream_stays_open_for_the_next()
    {
        await _server.RunAsync("deliver");
        using var stream = _server.Start("stream");

        await UntilAsync(stream.StandardOutput, "data: hello");
        await _server.RunAsync("deliver");
        await UntilAsync(stream.StandardOutput, "data: hello");
        Assert.False(stream.HasExited);

        stream.Kill(entireProcessTree: true);
        await stream.WaitForExitAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_send_reaches_all_members_but_the_excepted()
    {
        var answers = await _server.RunAsync("group");

        Assert.Contains("\"members\":2,\"stored\":2,\"refused\":0", answers, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_waits_can_be_read_and_acknowledged()
    {
        await _server.RunAsync("group");

        var answers = await _server.RunAsync("read");

        Assert.Contains("\"messages\":1,", answers, StringComparison.Ordinal);
        Assert.Contains("\"data\":{\"from\":\"alice\",\"text\":\"hi all\"}", answers, StringComparison.Ordinal);
        Assert.Contains("\"messages\":0,", await _server.GetAsync("mailboxes/bob/state"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Many_letters_in_one_request_are_stored_once_however_often_they_are_sent()
    {
        await _server.RunAsync("group");
        await _server.RunAsync("many");
        await _server.RunAsync("many");

        var alice = await _server.GetAsync("mailboxes/alice?wait=0");

        Assert.Single(alice.Split("\"to both\"")[1..]);
        Assert.Single(alice.Split("{\"n\":1}")[1..]);
    }

    static async Task UntilAsync(StreamReader printed, string line)
    {
        while (await printed.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken) is { } said)
            if (said == line) return;
        Assert.Fail($"The stream ended before '{line}'.");
    }
}
