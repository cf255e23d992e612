namespace Mailbox.Engine.Tests;

public sealed class BoundsTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M11")]
    public void Drop_oldest_pushes_the_oldest_out()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "1", "2", "3");
        Assert.Equal("2 3", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M11")]
    public void Reject_refuses_and_changes_nothing()
    {
        _office.Set("a", new() { MaxMessages = 2, Overflow = OverflowPolicy.Reject });
        _office.DeliverAll("a", "1", "2");
        Assert.Equal(Outcome.MailboxFull, _office.Deliver("a", "3").Outcome);
        Assert.Equal("1 2", _office.Peek("a"));
        Assert.Equal(2, _office.Look("a")!.Last.Sequence);
    }

    [Fact, Trait("Rule", "M11")]
    public void Drop_newest_drops_and_uses_no_number()
    {
        _office.Set("a", new() { MaxMessages = 2, Overflow = OverflowPolicy.DropNewest });
        _office.DeliverAll("a", "1", "2");
        Assert.Equal(Outcome.Dropped, _office.Deliver("a", "3").Outcome);
        Assert.Equal("1 2", _office.Poll("a"));
        Assert.Equal(3, _office.Deliver("a", "4").Position.Sequence);
    }

    [Fact, Trait("Rule", "M11")]
    public void Bytes_are_bounded_too()
    {
        _office.Set("a", new() { MaxBytes = 10 });
        _office.DeliverAll("a", "1234", "5678", "90ab");
        Assert.Equal("5678 90ab", _office.Peek("a"));
        Assert.Equal(8, _office.Look("a")!.Bytes);
    }

    [Fact, Trait("Rule", "M11")]
    public void A_body_above_1_MiB_is_refused()
    {
        Assert.Equal(Outcome.Stored, _office.Deliver("a", Office.Draft(1 << 20)).Outcome);
        Assert.Equal(Outcome.TooLarge, _office.Deliver("a", Office.Draft((1 << 20) + 1)).Outcome);
    }

    [Fact, Trait("Rule", "M11")]
    public void A_body_above_what_the_mailbox_may_hold_is_refused_and_pushes_nothing_out()
    {
        _office.Set("a", new() { MaxBytes = 4 });
        _office.Deliver("a", "1234");
        Assert.Equal(Outcome.TooLarge, _office.Deliver("a", "12345").Outcome);
        Assert.Equal("1234", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M11")]
    public void The_defaults_are_1000_messages_and_4_MiB()
    {
        for (var i = 0; i < 5; i++) _office.Deliver("a", Office.Draft(1 << 20));
        Assert.Equal(4, _office.Look("a")!.Messages);
        for (var i = 0; i < 1001; i++) _office.Deliver("b", Office.Draft(1));
        Assert.Equal(1000, _office.Look("b")!.Messages);
    }

    [Fact, Trait("Rule", "M11")]
    public void What_was_written_does_not_count()
    {
        _office.Set("a", new() { MaxMessages = 2, Overflow = OverflowPolicy.Reject });
        _office.DeliverAll("a", "1", "2");
        Assert.Equal("1 2", _office.Poll("a"));
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "3").Outcome);
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "4").Outcome);
        Assert.Equal(Outcome.MailboxFull, _office.Deliver("a", "5").Outcome);
        Assert.Equal("3 4", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M11")]
    public void What_was_written_goes_first_though_it_is_not_the_oldest()
    {
        _office.Set("a", new() { MaxMessages = 3 });
        _office.DeliverAll("a", "1", "2");
        var now = _office.Open("a", StartFrom.Now);
        _office.Deliver("a", "3");
        Assert.Equal("3", now.Read());
        _office.Deliver("a", "4");
        Assert.Equal("1 2 [3-3 Overflow] 4", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M11")]
    public void What_was_acknowledged_and_is_kept_for_a_slow_connection_does_not_count()
    {
        _office.Set("a", new() { MaxMessages = 2, Overflow = OverflowPolicy.Reject });
        _office.Open("a");
        _office.DeliverAll("a", "1", "2");
        _office.Acknowledge("a", _office.Look("a")!.Last);
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "3").Outcome);
    }

    [Fact, Trait("Rule", "M11")]
    public void What_ended_its_time_does_not_count()
    {
        _office.Set("a", new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject });
        _office.Deliver("a", Office.Draft("1") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(Outcome.Stored, _office.Deliver("a", "2").Outcome);
    }

    [Fact, Trait("Rule", "M11")]
    public void What_the_new_message_supersedes_makes_room_for_it()
    {
        _office.Set("a", new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject });
        _office.Deliver("a", Office.Draft("1") with { Topic = "t" });
        Assert.Equal(Outcome.Stored, _office.Deliver("a", Office.Draft("2") with { Topic = "t" }).Outcome);
        Assert.Equal("2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M11")]
    public void More_bodies_than_may_wait_for_the_store_are_refused()
    {
        var office = new Office(new() { MaxQueuedBytes = 10 });
        var first = office.Engine.DeliverAsync(Office.Name("a"), Office.Draft(8), TestContext.Current.CancellationToken);
        var second = office.Engine.DeliverAsync(Office.Name("a"), Office.Draft(8), TestContext.Current.CancellationToken);
        Assert.Equal(Outcome.Overloaded, office.Ask(second).Outcome);
        Assert.Equal(Outcome.Stored, office.Ask(first).Outcome);
        Assert.Equal(Outcome.Stored, office.Deliver("a", Office.Draft(8)).Outcome);
    }

    [Fact, Trait("Rule", "M11")]
    public void A_body_larger_than_all_that_may_wait_is_taken_alone()
    {
        var office = new Office(new() { MaxQueuedBytes = 10 });
        Assert.Equal(Outcome.Stored, office.Deliver("a", Office.Draft(11)).Outcome);
    }
}
