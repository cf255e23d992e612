using System.Threading.Channels;
using Mailbox.Engine;
using Mailbox.Storage.Journal;
using Orleans.Streams;

namespace Mailbox.Grains.Tests;

/// <summary>What happens to mailboxes, as an Orleans stream.</summary>
public sealed class EventStreamTests
{
    readonly Channel<string> _told = Channel.CreateUnbounded<string>();

    [Fact, Trait("Rule", "M16")]
    public async Task A_subscriber_is_told_what_happens_to_mailboxes()
    {
        await using var grid = await BackendGrid.StartAsync();
        var provider = ((IClusterClient)grid.Backend.GetService(typeof(IClusterClient))!).GetStreamProvider("mailbox");
        await provider.GetStream<MailboxEvent>("events", "billing").SubscribeAsync(TellAsync);

        await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);
        await grid.Client.Mailbox("alice").DeleteAsync(TestContext.Current.CancellationToken);

        Assert.Equal("alice:Opened alice:Deleted", await ToldAsync(2));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task What_the_handler_fails_at_comes_again_before_what_is_after_it()
    {
        await using var grid = await BackendGrid.StartAsync();
        var (attempts, faults) = (0, 0);
        await grid.Client.Events("billing").SubscribeAsync(
            (happened, _) => ++attempts <= 2 ? throw new InvalidOperationException("Not now.") : TellAsync(happened, null),
            _ => Task.FromResult(++faults));

        await grid.Client.DeliverManyAsync([new("alice", MessageDraft.FromText("1")), new("bob", MessageDraft.FromText("1"))], TestContext.Current.CancellationToken);

        Assert.Equal("alice:Opened bob:Opened", await ToldAsync(2));
        Assert.Equal(2, faults);
    }

    [Fact, Trait("Rule", "M16")]
    public async Task What_happened_while_the_backend_was_away_waits_for_it_also_when_the_silo_restarts()
    {
        var directory = Directory.CreateTempSubdirectory("mailbox-");
        await using var grid = await BackendGrid.StartAsync(
            log: () => DirectoryLog.Open(new() { Directory = directory.FullName }));
        var events = grid.Client.Events("billing");
        var subscription = await events.SubscribeAsync(TellAsync);
        await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);
        Assert.Equal("alice:Opened", await ToldAsync(1));

        await subscription.ResumeAsync((_, _) => throw new InvalidOperationException("Never."));
        await grid.Client.Mailbox("bob").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);
        await grid.RestartAsync();
        var handles = await events.GetAllSubscriptionHandles();
        await handles.Single().ResumeAsync(TellAsync);

        string told;
        do told = await ToldAsync(1);
        while (told == "alice:Opened");
        Assert.Equal("bob:Opened", told);
        directory.Delete(recursive: true);
    }

    [Fact, Trait("Rule", "M16")]
    public async Task A_subscriber_whose_store_is_gone_is_told_that_it_missed_something_and_goes_on()
    {
        await using var grid = await BackendGrid.StartAsync();
        await grid.Client.Events("billing").SubscribeAsync(TellAsync, fault => Tell(fault.GetType().Name));
        await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);
        Assert.Equal("alice:Opened", await ToldAsync(1));

        await grid.RestartAsync();
        Assert.Equal("EventsMissedException", await ToldAsync(1));
        await grid.Client.Mailbox("bob").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);

        Assert.Equal("bob:Opened", await ToldAsync(1));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Who_unsubscribes_leaves_nothing_behind()
    {
        await using var grid = await BackendGrid.StartAsync();
        var subscription = await grid.Client.Events("billing").SubscribeAsync(TellAsync);

        await subscription.UnsubscribeAsync();

        Assert.Empty(await grid.Client.Events("billing").GetAllSubscriptionHandles());
        Assert.Empty(await grid.Client.MailboxesAsync(TestContext.Current.CancellationToken).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Nobody_but_the_grid_tells_events()
    {
        await using var grid = await BackendGrid.StartAsync();

        await Assert.ThrowsAsync<NotSupportedException>(() => grid.Client.Events("billing").OnNextAsync(default));
    }

    Task TellAsync(MailboxEvent happened, StreamSequenceToken? token) => Tell($"{happened.Mailbox}:{happened.Kind}");

    Task Tell(string what) => _told.Writer.WriteAsync(what).AsTask();

    async Task<string> ToldAsync(int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var told = new List<string>();
        while (told.Count < count) told.Add(await _told.Reader.ReadAsync(patience.Token));
        return string.Join(' ', told);
    }
}
