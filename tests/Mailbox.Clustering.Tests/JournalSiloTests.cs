using System.Net;
using Mailbox.Tests;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>A silo with a journal, and a gateway of its own.</summary>
public sealed class JournalSiloTests : IDisposable
{
    readonly DirectoryInfo _data = Directory.CreateTempSubdirectory("mailbox-journal-silo-");
    readonly int _siloPort = Ports.Free();

    public void Dispose() => _data.Delete(recursive: true);

    [Fact]
    public async Task A_gateway_joins_a_silo_that_was_killed_and_started_again_and_nothing_answered_is_missing()
    {
        await using var first = StartSilo();
        await using var gateway = new HostProcess("Gateway", Ports.Free(), "--Mailbox:Cluster:Silo", $"127.0.0.1:{_siloPort}");
        await gateway.UntilAsync(HttpStatusCode.OK);
        await DeliverAsync(gateway, "before");
        await first.KillAsync();
        await gateway.UntilAsync(HttpStatusCode.ServiceUnavailable);
        await using var second = StartSilo();
        await gateway.UntilAsync(HttpStatusCode.OK);
        await DeliverAsync(gateway, "after");
        var kept = await gateway.Http.GetStringAsync("/mailboxes/a?wait=0&from=oldest", TestContext.Current.CancellationToken);
        Assert.Matches("\"before\".*\"after\"", kept);
    }

    [Fact]
    public async Task A_gateway_whose_silo_is_gone_refuses_at_once_and_says_that_once_and_its_readers_come_back_to_the_next()
    {
        await using var first = StartSilo();
        await using var gateway = new HostProcess(
            "Gateway", Ports.Free(), "--Mailbox:Cluster:Silo", $"127.0.0.1:{_siloPort}", "--Logging:LogLevel:Microsoft.AspNetCore.Server.Kestrel", "Debug");
        await gateway.UntilAsync(HttpStatusCode.OK);
        await DeliverAsync(gateway, "before");
        using var held = await OpenAsync(gateway, "?from=oldest");
        await first.KillAsync();
        await gateway.UntilSaidAsync("is gone");

        for (var i = 0; i < 100; i++) await RefusedAsync(gateway);
        Assert.Single(gateway.Output, static line => line.Contains("is gone", StringComparison.Ordinal));
        Assert.DoesNotContain(gateway.Output, static line => line.StartsWith("fail:", StringComparison.Ordinal));

        await using var second = StartSilo();
        // Broken off, and not told: the stream has no end of its own.
        await Assert.ThrowsAnyAsync<IOException>(async () =>
        {
            using var stream = await held.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
            await stream.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken);
        });
        await gateway.UntilAsync(HttpStatusCode.OK);
        await DeliverAsync(gateway, "after");
        Assert.Contains("after", await gateway.Http.GetStringAsync("/mailboxes/a?wait=25&from=unread", TestContext.Current.CancellationToken), StringComparison.Ordinal);
        Assert.DoesNotContain(gateway.Output, static line => line.Contains(nameof(ObjectDisposedException), StringComparison.Ordinal));
        // The server was not left to wait for those who hold connections.
        Assert.DoesNotContain(gateway.Output, static line => line.Contains("failed to close gracefully", StringComparison.Ordinal));
    }

    static async Task<HttpResponseMessage> OpenAsync(HostProcess gateway, string query)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/mailboxes/a" + query);
        request.Headers.Accept.ParseAdd("application/x-ndjson");
        return await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
    }

    static async Task RefusedAsync(HostProcess gateway)
    {
        using var delivery = new HttpRequestMessage(HttpMethod.Post, "/mailboxes/a") { Content = new StringContent("never"), Headers = { { "Idempotency-Key", "k" } } };
        using var answer = await gateway.Http.SendAsync(delivery, TestContext.Current.CancellationToken);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, TimeSpan.FromSeconds(1)), (answer.StatusCode, answer.Headers.RetryAfter?.Delta));
        using var opened = await OpenAsync(gateway, "");
        Assert.Equal(HttpStatusCode.ServiceUnavailable, opened.StatusCode);
        Assert.NotNull(opened.Headers.RetryAfter);
    }

    HostProcess StartSilo() =>
        new("Silo", Ports.Free(), "--Mailbox:Cluster:SiloPort", $"{_siloPort}", "--Mailbox:Data", Path.Combine(_data.FullName, "store"));

    static async Task DeliverAsync(HostProcess to, string text)
    {
        using var answer = await to.Http.PostAsync("/mailboxes/a", new StringContent(text));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }
}
