namespace Mailbox.Grains.Tests;

/// <summary>What a .NET backend outside the cluster can do (spec section 6).</summary>
public sealed class BackendTests
{
    [Fact]
    public async Task A_delivery_is_answered_with_its_position()
    {
        await using var grid = await BackendGrid.StartAsync();

        var first = await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);
        var second = await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("two"), TestContext.Current.CancellationToken);

        Assert.Equal((1, 2), (first.Position.Sequence, second.Position.Sequence));
        Assert.Equal(2, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task What_a_full_mailbox_refuses_is_an_exception_that_says_so()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("alice");
        await mailbox.SetOptionsAsync(new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject }, TestContext.Current.CancellationToken);
        await mailbox.DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);

        var refused = await Assert.ThrowsAsync<MailboxRefusedException>(async () => await mailbox.DeliverAsync(MessageDraft.FromText("two"), TestContext.Current.CancellationToken));

        Assert.Equal(Outcome.MailboxFull, refused.Outcome);
        Assert.StartsWith("alice: ", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_that_is_too_large_is_refused()
    {
        await using var grid = await BackendGrid.StartAsync(new() { MaxBodyBytes = 10 });

        var refused = await Assert.ThrowsAsync<MailboxRefusedException>(
            async () => await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("more than that"), TestContext.Current.CancellationToken));

        Assert.Equal(Outcome.TooLarge, refused.Outcome);
    }

    [Fact]
    public async Task A_key_of_another_message_is_refused_and_the_same_message_is_stored_once()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("alice");
        var draft = MessageDraft.FromText("one") with { IdempotencyKey = "k" };
        await mailbox.DeliverAsync(draft, TestContext.Current.CancellationToken);

        Assert.Equal(1, (await mailbox.DeliverAsync(draft, TestContext.Current.CancellationToken)).Position.Sequence);
        var refused = await Assert.ThrowsAsync<MailboxRefusedException>(
            async () => await mailbox.DeliverAsync(MessageDraft.FromText("two") with { IdempotencyKey = "k" }, TestContext.Current.CancellationToken));
        Assert.Equal(Outcome.KeyReused, refused.Outcome);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Many_deliveries_have_an_outcome_each_and_keep_their_order(bool ownsAll)
    {
        await using var grid = await BackendGrid.StartAsync(new() { MaxBodyBytes = 10 }, ownsAll: ownsAll);
        var letters = new List<Letter>();
        for (var i = 0; i < 2500; i++) letters.Add(new($"m{i % 7}", MessageDraft.FromText(i == 7 ? "more than that" : $"{i}")));

        var results = await grid.Client.DeliverManyAsync(letters, TestContext.Current.CancellationToken);

        Assert.Equal(2500, results.Length);
        Assert.Equal(Outcome.TooLarge, results[7].Outcome);
        Assert.Equal(2499, results.Count(result => result.Outcome == Outcome.Stored));
        for (var i = 15; i < results.Length; i++) Assert.Equal(results[i - 7].Position.Sequence + 1, results[i].Position.Sequence);
    }

    [Fact]
    public async Task A_send_reaches_all_members_but_the_excepted()
    {
        await using var grid = await BackendGrid.StartAsync();
        var group = grid.Client.Group("news/late");

        var joined = await group.AddAsync(["alice", "bob", "carol"], TestContext.Current.CancellationToken);
        var sent = await group.SendAsync(MessageDraft.FromText("late"), except: ["carol"], TestContext.Current.CancellationToken);

        Assert.Equal((3, 3), (joined.Added, joined.Count));
        Assert.Equal((2, 2, 0), (sent.Members, sent.Stored, sent.Refused));
        Assert.Equal(0, (await grid.Client.Mailbox("carol").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task Members_can_be_listed_counted_and_removed()
    {
        await using var grid = await BackendGrid.StartAsync();
        var group = grid.Client.Group("chat");
        await group.AddAsync(Enumerable.Range(0, 12_000).Select(i => $"m{i:d5}"), TestContext.Current.CancellationToken);

        Assert.Equal(12_000, await group.CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(12_000, await group.MembersAsync(TestContext.Current.CancellationToken).Distinct().CountAsync(TestContext.Current.CancellationToken));
        Assert.Equal(1, (await group.RemoveAsync(["m00000", "nobody"], TestContext.Current.CancellationToken)).Removed);
        Assert.True(await group.DeleteAsync(TestContext.Current.CancellationToken));
        Assert.False(await group.DeleteAsync(TestContext.Current.CancellationToken));
        Assert.Equal(0, await group.CountAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task One_message_for_several_targets_is_in_each_mailbox_once()
    {
        await using var grid = await BackendGrid.StartAsync();
        await grid.Client.Group("chat").AddAsync(["alice", "bob"], TestContext.Current.CancellationToken);

        var result = await grid.Client.PostAsync(new(
            MessageDraft.FromText("once"), [MailboxName.Parse("alice")], [GroupName.Parse("chat")], []), TestContext.Current.CancellationToken);

        Assert.Equal(Outcome.Stored, result.To[0].Outcome);
        Assert.Equal(1, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
        Assert.Equal(1, (await grid.Client.Mailbox("bob").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task A_mailbox_and_a_message_can_be_deleted()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("alice");
        var delivered = await mailbox.DeliverAsync(MessageDraft.FromText("one"), TestContext.Current.CancellationToken);

        Assert.True(await mailbox.DeleteMessageAsync(delivered.Position, TestContext.Current.CancellationToken));
        Assert.False(await mailbox.DeleteMessageAsync(delivered.Position, TestContext.Current.CancellationToken));
        Assert.True(await mailbox.DeleteAsync(TestContext.Current.CancellationToken));
        Assert.False(await mailbox.DeleteAsync(TestContext.Current.CancellationToken));
        Assert.Null(await mailbox.GetAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task All_mailboxes_can_be_listed()
    {
        await using var grid = await BackendGrid.StartAsync();
        await grid.Client.DeliverManyAsync([new("b", MessageDraft.FromText("1")), new("a", MessageDraft.FromText("2"))], TestContext.Current.CancellationToken);

        Assert.Equal(["a", "b"], await grid.Client.MailboxesAsync(TestContext.Current.CancellationToken).Select(name => name.ToString()).ToListAsync(TestContext.Current.CancellationToken));
    }

    [Fact]
    public async Task Code_in_a_silo_has_the_same_client()
    {
        await using var grid = await BackendGrid.StartAsync();
        var inside = (MailboxGridClient)grid.Silo.GetService(typeof(MailboxGridClient))!;

        await inside.Mailbox("alice").DeliverAsync(MessageDraft.FromText("from within"), TestContext.Current.CancellationToken);

        Assert.Equal(1, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task Keys_that_a_client_makes_leave_half_of_the_room_to_others_and_refuse_nothing()
    {
        await using var grid = await BackendGrid.StartAsync(new() { MaxKeys = 10 });
        var letters = Enumerable.Range(0, 50).Select(i => new Letter("alice", MessageDraft.FromText($"{i}"))).ToList();

        var results = await grid.Client.DeliverManyAsync(letters, TestContext.Current.CancellationToken);
        var alone = await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("alone"), TestContext.Current.CancellationToken);
        var chosen = await grid.Client.Mailbox("alice").DeliverAsync(MessageDraft.FromText("chosen") with { IdempotencyKey = "k" }, TestContext.Current.CancellationToken);

        Assert.All(results, result => Assert.Equal(Outcome.Stored, result.Outcome));
        Assert.Equal([51, 52], new[] { alone.Position.Sequence, chosen.Position.Sequence });
    }
}
