using System.Threading.Channels;
using Newsroom;

namespace Mailbox.Grains.Tests;

/// <summary>The backend that the README shows.</summary>
public sealed class SampleTests
{
    static readonly string[] s_expected =
        ["2 of 2 have it", """{"Story":17}""", "alice: Opened", "desk: Opened", "bob: Opened", "carol: Opened"];

    [Fact]
    public async Task The_backend_of_the_readme_does_what_it_says()
    {
        await using var grid = await BackendGrid.StartAsync();
        var printed = Channel.CreateUnbounded<string>();

        await Editor.WorkAsync(grid.Client, line => printed.Writer.TryWrite(line));

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var missing = s_expected.ToHashSet();
        while (missing.Count > 0) missing.Remove(await printed.Reader.ReadAsync(patience.Token));
        Assert.Equal(3, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }
}
