namespace Mailbox.Engine.Tests;

public sealed class ConflictTests
{
    readonly Office _office = new();

    static OpenRequest As(string client, ConflictPolicy conflict = ConflictPolicy.Share) => new() { Client = client, Conflict = conflict };

    [Fact, Trait("Rule", "M14")]
    public void Connections_that_share_all_get_everything()
    {
        var (one, two) = (_office.Open("a"), _office.Open("a"));
        Assert.Equal(2, _office.Deliver("a", "1").Connections);
        Assert.Equal(("1", "1"), (one.Read(), two.Read()));
    }

    [Fact, Trait("Rule", "M14")]
    public void An_acknowledged_message_stays_until_it_was_written_to_every_connection()
    {
        var (fast, slow) = (_office.Open("a"), _office.Open("a"));
        var first = _office.Deliver("a", "1").Position;
        fast.Read();
        _office.Acknowledge("a", first);
        _office.Maintain();
        Assert.Equal(1, _office.Look("a")!.Messages);
        Assert.Equal("1", slow.Read());
        _office.Maintain();
        Assert.Equal(0, _office.Look("a")!.Messages);
    }

    [Fact, Trait("Rule", "M14")]
    public void An_acknowledged_message_goes_when_the_connection_that_waits_for_it_leaves()
    {
        var slow = _office.Open("a");
        _office.Acknowledge("a", _office.Deliver("a", "1").Position);
        Assert.Equal(1, _office.Look("a")!.Messages);
        _office.Close(slow);
        Assert.Equal(0, _office.Look("a")!.Messages);
    }

    [Fact, Trait("Rule", "M14")]
    public void Takeover_ends_the_others_and_tells_them()
    {
        var first = _office.Open("a");
        Assert.Equal("", first.Read());
        var second = _office.Open("a", new OpenRequest { Conflict = ConflictPolicy.Takeover });
        Assert.Equal(1, first.Bell.Rings);
        Assert.Equal(ReadStatus.Ended, first.Reader.TryRead([]));
        Assert.Equal(Ending.TakenOver, first.Ending);
        Assert.Equal(1, _office.Deliver("a", "1").Connections);
        Assert.Equal("1", second.Read());
    }

    [Fact, Trait("Rule", "M14")]
    public void Reject_refuses_while_another_holds_the_mailbox()
    {
        var first = _office.Open("a");
        Assert.Equal(OpenOutcome.Conflict, _office.TryOpen("a", new() { Conflict = ConflictPolicy.Reject }).Result.Outcome);
        _office.Close(first);
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", new() { Conflict = ConflictPolicy.Reject }).Result.Outcome);
    }

    [Theory, Trait("Rule", "M14")]
    [InlineData(ConflictPolicy.Share)]
    [InlineData(ConflictPolicy.Reject)]
    [InlineData(ConflictPolicy.Takeover)]
    public void A_client_replaces_its_own_former_connection(ConflictPolicy conflict)
    {
        var first = _office.Open("a", As("c"));
        first.Read();
        _office.Open("a", As("c", conflict));
        Assert.Equal(ReadStatus.Ended, first.Reader.TryRead([]));
        Assert.Equal(Ending.Replaced, first.Ending);
        Assert.Equal(1, _office.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M14")]
    public void A_client_does_not_replace_another_one()
    {
        _office.Open("a", As("c"));
        _office.Open("a", As("d"));
        _office.Open("a");
        Assert.Equal(3, _office.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M14")]
    public void Who_was_taken_over_and_comes_back_by_itself_stays_away()
    {
        _office.Open("a", As("c"));
        _office.Open("a", As("d", ConflictPolicy.Takeover));
        Assert.Equal(OpenOutcome.StayAway, _office.TryOpen("a", As("c") with { Returning = true }).Result.Outcome);
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", As("c", ConflictPolicy.Takeover)).Result.Outcome);
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", As("c") with { Returning = true }).Result.Outcome);
        Assert.Equal(OpenOutcome.StayAway, _office.TryOpen("a", As("d") with { Returning = true }).Result.Outcome);
    }

    [Fact, Trait("Rule", "M14")]
    public void Who_was_taken_over_may_come_again_when_the_other_has_left()
    {
        _office.Open("a", As("c"));
        var other = _office.Open("a", As("d", ConflictPolicy.Takeover));
        _office.Close(other);
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", As("c")).Result.Outcome);
    }

    [Fact, Trait("Rule", "M14"), Trait("Rule", "S13")]
    public void Of_many_that_were_taken_over_the_last_stay_away()
    {
        for (var i = 0; i < 100; i++) _office.Open("a", As($"c{i}", ConflictPolicy.Takeover));
        for (var i = 98; i > 98 - LiveMailbox.MostDisplaced; i--)
            Assert.Equal(OpenOutcome.StayAway, _office.TryOpen("a", As($"c{i}") with { Returning = true }).Result.Outcome);
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", As("c1") with { Returning = true }).Result.Outcome);
    }

    [Fact, Trait("Rule", "M14"), Trait("Rule", "S13")]
    public void A_client_that_is_taken_over_again_and_again_takes_one_place()
    {
        _office.Open("a", As("first"));
        for (var i = 0; i < 100; i++) _office.Open("a", As(i % 2 == 0 ? "c" : "d", ConflictPolicy.Takeover));
        Assert.Equal(OpenOutcome.StayAway, _office.TryOpen("a", As("first") with { Returning = true }).Result.Outcome);
    }

    [Fact, Trait("Rule", "S13")]
    public void A_mailbox_whose_clients_were_taken_over_gives_its_memory_back()
    {
        _office.Open("a", As("c"));
        _office.Close(_office.Open("a", As("d", ConflictPolicy.Takeover)));
        _office.Wait(TimeSpan.FromMinutes(6));
        _office.Maintain();
        _office.Maintain();
        Assert.Empty(_office.Engine.Mailboxes.All);
    }

    [Fact, Trait("Rule", "M14")]
    public void A_takeover_that_is_refused_ends_nobody()
    {
        var first = _office.Open("a", As("c"));
        Assert.Equal("", first.Read());
        _office.Store.HasNoReserve = true;
        Assert.Equal(OpenOutcome.Unavailable, _office.TryOpen("a", As("d", ConflictPolicy.Takeover) with { Idle = TimeSpan.FromDays(2) }).Result.Outcome);
        _office.Store.HasNoReserve = false;
        Assert.Null(first.Ending);
        Assert.Equal(1, _office.Deliver("a", "1").Connections);
        Assert.Equal("1", first.Read());
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", As("c") with { Returning = true }).Result.Outcome);
    }

    [Fact, Trait("Rule", "M14")]
    public void Two_takeovers_in_one_batch_leave_one_connection()
    {
        var (one, two) = (new Bell(), new Bell());
        var takeover = new OpenRequest { Conflict = ConflictPolicy.Takeover };
        var first = _office.Engine.OpenAsync(Office.Name("a"), takeover, one, TestContext.Current.CancellationToken);
        var second = _office.Engine.OpenAsync(Office.Name("a"), takeover, two, TestContext.Current.CancellationToken);
        var reader = _office.Ask(first).Reader!;
        Assert.NotNull(_office.Ask(second).Reader);
        Assert.Equal(ReadStatus.Ended, reader.TryRead([]));
        Assert.Equal(1, _office.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M15")]
    public void Who_was_taken_over_holds_nothing_and_moves_no_deadline_when_its_connection_ends()
    {
        var first = _office.Open("a");
        var second = _office.Open("a", new OpenRequest { Conflict = ConflictPolicy.Takeover });
        _office.Close(second);
        var expires = _office.Look("a")!.Expires;
        _office.Wait(TimeSpan.FromSeconds(20));
        _office.Close(first);
        Assert.Equal(expires, _office.Look("a")!.Expires);
    }
}
