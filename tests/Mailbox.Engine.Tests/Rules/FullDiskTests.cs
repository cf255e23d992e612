namespace Mailbox.Engine.Tests;

public sealed class FullDiskTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M5")]
    public void What_is_not_stored_is_not_answered_as_stored_and_changes_nothing()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.Deliver("a", Office.Draft("1") with { Topic = "t" });
        _office.Deliver("a", "2");
        _office.Join("g", "a");
        var before = _office.Look("a");
        _office.Store.IsFull = true;
        Assert.Equal(Outcome.StoreFull, _office.Deliver("a", Office.Draft("3") with { Topic = "t" }).Outcome);
        Assert.Equal(Outcome.StoreFull, _office.Deliver("a", "3").Outcome);
        Assert.Equal(Outcome.StoreFull, _office.Deliver("new", "3").Outcome);
        Assert.Equal(Outcome.StoreFull, _office.Send("g", "3").Outcome);
        Assert.Equal(Outcome.StoreFull, _office.Join("g", "b").Outcome);
        Assert.Equal(Outcome.StoreFull, _office.Set("a", new() { MaxMessages = 1 }));
        AssertSame(before!, _office.Look("a")!);
        Assert.Equal((null, "a"), (_office.Look("new"), _office.Members("g")));
        _office.Store.IsFull = false;
        _office.Deliver("a", Office.Draft("3") with { Topic = "t" });
        Assert.Equal("2 3", _office.Poll("a"));
        Assert.Equal(3, _office.Look("a")!.Last.Sequence);
    }

    [Fact, Trait("Rule", "M6")]
    public void Acknowledgements_opens_and_removals_go_on()
    {
        var first = _office.Deliver("a", "1").Position;
        _office.Deliver("a", "2");
        _office.Join("g", "a", "b");
        _office.Store.IsFull = true;
        Assert.Equal(AcknowledgeOutcome.Acknowledged, _office.Acknowledge("a", first));
        Assert.Equal("2", _office.Poll("a"));
        Assert.Equal(1, _office.Leave("g", "a").Removed);
        Assert.Equal(Outcome.Stored, _office.Delete("a", first with { Sequence = 2 }));
        Assert.Equal(Outcome.Stored, _office.Remove("a"));
        Assert.Null(_office.Look("a"));
        _office.Restart();
        Assert.Equal((null, "b"), (_office.Look("a"), _office.Members("g")));
    }

    [Fact, Trait("Rule", "M6")]
    public void What_relieves_is_done_though_it_shared_a_batch_with_what_was_refused()
    {
        var name = Office.Name("a");
        var first = _office.Deliver("a", "1").Position;
        _office.Store.IsFull = true;
        var delivery = _office.Engine.DeliverAsync(name, Office.Draft("2"), TestContext.Current.CancellationToken);
        var acknowledgement = _office.Engine.AcknowledgeAsync(name, first, TestContext.Current.CancellationToken);
        var bell = new Bell();
        var open = _office.Engine.OpenAsync(name, new(), bell, TestContext.Current.CancellationToken);
        Assert.Equal(Outcome.StoreFull, _office.Ask(delivery).Outcome);
        Assert.Equal(AcknowledgeOutcome.Acknowledged, _office.Ask(acknowledgement));
        var line = new Line(_office.Ask(open).Reader!, bell, _office.StepAll);
        Assert.Equal(1, _office.Look("a")!.Connections);
        Assert.Equal("", line.Read());
        _office.Store.IsFull = false;
        Assert.Equal(first with { Sequence = 2 }, _office.Deliver("a", "3").Position);
        Assert.Equal("3", line.Read());
        _office.Close(line);
        Assert.Equal(0, _office.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M14")]
    public void Of_two_opens_of_one_client_that_shared_a_refused_batch_neither_holds_the_mailbox()
    {
        var line = _office.Open("a");
        _office.Store.HasNoReserve = true;
        var request = new OpenRequest { Client = "tab", Conflict = ConflictPolicy.Takeover, Idle = TimeSpan.FromMinutes(1) };
        var first = _office.Engine.OpenAsync(Office.Name("a"), request, new Bell(), TestContext.Current.CancellationToken);
        var second = _office.Engine.OpenAsync(Office.Name("a"), request, new Bell(), TestContext.Current.CancellationToken);
        line.Reader.Close();
        Assert.Equal(OpenOutcome.Unavailable, _office.Ask(first).Outcome);
        Assert.Equal(OpenOutcome.Unavailable, _office.Ask(second).Outcome);
        Assert.False(_office.Engine.Mailboxes.All.Single().IsHeld);
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_of_what_was_refused_is_free()
    {
        var draft = Office.Draft("1") with { IdempotencyKey = "k" };
        _office.Store.IsFull = true;
        Assert.Equal(Outcome.StoreFull, _office.Deliver("a", draft).Outcome);
        Assert.Equal(Outcome.StoreFull, _office.Deliver("a", draft with { Durability = Durability.Memory }).Outcome);
        _office.Store.IsFull = false;
        Assert.Equal(1, _office.Deliver("a", draft).Position.Sequence);
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void Removal_of_the_overdue_is_tried_again()
    {
        _office.Set("a", new() { Idle = TimeSpan.FromMinutes(1) });
        _office.Deliver("a", "1");
        _office.Store.HasNoReserve = true;
        _office.Wait(TimeSpan.FromMinutes(1));
        Assert.Single(_office.Store.Names(null, 10));
        _office.Store.HasNoReserve = false;
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Empty(_office.Store.Names(null, 10));
    }

    [Fact, Trait("Rule", "M5")]
    public void A_store_that_failed_refuses_everything_and_readers_stay()
    {
        var line = _office.Open("a");
        _office.Deliver("a", "1");
        _office.Store.HasFailed = true;
        Assert.Equal(Outcome.StoreFailed, _office.Deliver("a", "2").Outcome);
        Assert.Equal(Outcome.StoreFailed, _office.Remove("a"));
        Assert.Equal(AcknowledgeOutcome.Unavailable, _office.Acknowledge("a", line.Position with { Sequence = 1 }));
        Assert.Equal(OpenOutcome.Unavailable, _office.TryOpen("new").Result.Outcome);
        Assert.False(_office.Engine.IsReady);
        _office.Maintain();
        Assert.Equal("1", line.Read());
        Assert.Null(line.Ending);
        Assert.Single(_office.Engine.Mailboxes.All.Single().Readers);
    }

    static void AssertSame(MailboxInfo before, MailboxInfo now)
    {
        Assert.Equal(before.Groups, now.Groups);
        Assert.Equal(before with { Groups = now.Groups }, now);
    }
}
