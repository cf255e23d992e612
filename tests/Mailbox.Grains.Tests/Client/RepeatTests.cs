namespace Mailbox.Grains.Tests;

/// <summary>What a backend asks is done once, however often its answer is lost.</summary>
public sealed class RepeatTests
{
    [Fact]
    public async Task A_delivery_is_stored_once()
    {
        await using var grid = await BackendGrid.StartAsync(losing: new(2, nameof(IGridGrain.Deliver)));

        var delivered = await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);

        Assert.Equal(1, delivered.Position.Sequence);
        Assert.Equal(1, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Each_of_many_deliveries_is_stored_once(bool ownsAll)
    {
        await using var grid = await BackendGrid.StartAsync(ownsAll: ownsAll, losing: new(1, nameof(IGridGrain.Deliver)));
        Letter[] letters = [.. Enumerable.Range(0, 100).Select(i => new Letter($"m{i % 3}", MessageDraft.FromText($"{i}")))];

        var results = await grid.Client.DeliverManyAsync(letters, TestContext.Current.CancellationToken);

        Assert.All(results, result => Assert.Equal(Outcome.Stored, result.Outcome));
        Assert.Equal(34, (await grid.Client.Mailbox("m0").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task A_send_is_stored_once()
    {
        await using var grid = await BackendGrid.StartAsync(losing: new(1, nameof(IGroupGrain.Send)));
        await grid.Client.Group("chat").AddAsync(["alice", "bob"], TestContext.Current.CancellationToken);

        Assert.Equal(2, (await grid.Client.Group("chat").SendAsync(MessageDraft.FromText("hi"), cancel: TestContext.Current.CancellationToken)).Stored);
        Assert.Equal(1, (await grid.Client.Mailbox("bob").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task Without_keys_what_may_have_been_stored_is_not_repeated_and_told_as_uncertain()
    {
        await using var grid = await BackendGrid.StartAsync(
            client: static options => options.MakesKeys = false, losing: new(1, nameof(IGridGrain.Deliver)));

        var unknown = await Assert.ThrowsAsync<MailboxUnavailableException>(
            async () => await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken));

        Assert.True(unknown.IsUncertain);
        Assert.Equal(1, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Theory]
    [InlineData(StartFrom.Oldest)]
    [InlineData(StartFrom.Unread)]
    public async Task A_page_whose_answer_was_lost_comes_again(StartFrom from)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        await using var grid = await BackendGrid.StartAsync(losing: new(3, nameof(IMailboxGrain.Read)));
        var mailbox = grid.Client.Mailbox("desk");
        for (var i = 1; i <= 3; i++) await mailbox.DeliverAsync(MessageDraft.FromText($"{i}"), TestContext.Current.CancellationToken);

        var read = await mailbox.OpenAsync(new() { From = from }, patience.Token).Take(3).Select(BackendGrid.TextOf).ToListAsync(TestContext.Current.CancellationToken);

        Assert.Equal(["1", "2", "3"], read);
    }
}
