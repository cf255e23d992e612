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

    HostProcess StartSilo() =>
        new("Silo", Ports.Free(), "--Mailbox:Cluster:SiloPort", $"{_siloPort}", "--Mailbox:Data", Path.Combine(_data.FullName, "store"));

    static async Task DeliverAsync(HostProcess to, string text)
    {
        using var answer = await to.Http.PostAsync("/mailboxes/a", new StringContent(text));
        Assert.Equal(HttpStatusCode.Created, answer.StatusCode);
    }
}
