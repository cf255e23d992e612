namespace Mailbox.Engine.Tests;

public sealed class LifeOfAMessageTests
{
    readonly Office _office = new();

    static MessageDraft AtOnce(string body) => Office.Draft(body) with { TimeToLive = TimeSpan.Zero };

    static MessageDraft About(string topic, string body) => Office.Draft(body) with { Topic = topic };

    [Fact, Trait("Rule", "M6")]
    public void A_message_lives_for_a_day()
    {
        _office.Set("a", new() { Idle = TimeSpan.FromDays(9) });
        _office.Deliver("a", "1");
        _office.Wait(TimeSpan.FromHours(24) - TimeSpan.FromSeconds(1));
        Assert.Equal("1", _office.Peek("a"));
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("", _office.Peek("a"));
        Assert.Equal(0, _office.Look("a")!.Messages);
    }

    [Fact, Trait("Rule", "M12")]
    public void A_message_never_ends_before_its_time()
    {
        _office.Time.Advance(TimeSpan.FromMilliseconds(900));
        _office.Deliver("a", Office.Draft("1") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Time.Advance(TimeSpan.FromMilliseconds(4900));
        Assert.Equal("1", _office.Peek("a"));
        _office.Time.Advance(TimeSpan.FromMilliseconds(1200));
        Assert.Equal("", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_message_that_may_not_wait_reaches_who_is_connected()
    {
        var (line, other) = (_office.Open("a"), _office.Open("a"));
        Assert.Equal(2, _office.Deliver("a", AtOnce("1")).Connections);
        Assert.Equal(("1", "1"), (line.Read(), other.Read()));
        _office.Deliver("a", "2");
        Assert.Equal(("2", "2"), (line.Read(), other.Read()));
    }

    [Fact, Trait("Rule", "M12"), Trait("Rule", "M10")]
    public void A_message_that_may_not_wait_is_a_gap_to_who_comes_later()
    {
        var first = _office.Deliver("b", AtOnce("1"));
        Assert.Equal((Outcome.Stored, 1, 0), (first.Outcome, first.Position.Sequence, first.Connections));
        Assert.Equal("[1-1 Ttl]", _office.Poll("b"));
        Assert.Equal("[1-1 Ttl]", _office.Poll("b", first.Position with { Sequence = 0 }));
        _office.Deliver("b", "2");
        Assert.Equal("2", _office.Peek("b"));
    }

    [Fact, Trait("Rule", "M12"), Trait("Rule", "M10")]
    public void A_message_that_may_not_wait_is_no_more_for_who_comes_while_others_are_connected()
    {
        var there = _office.Open("a");
        var before = _office.Deliver("a", "1").Position;
        _office.Deliver("a", AtOnce("2"));
        _office.Deliver("a", "3");
        Assert.Equal("1 [2-2 Ttl] 3", _office.Open("a", StartFrom.Oldest).Read());
        Assert.Equal("1 [2-2 Ttl] 3", _office.Peek("a"));
        Assert.Equal("[2-2 Ttl] 3", _office.Open("a", before).Read());
        Assert.Equal("1 2 3", there.Read());
    }

    [Fact, Trait("Rule", "M12")]
    public void A_message_that_may_not_wait_is_gone_after_a_crash()
    {
        _office.Open("a");
        _office.Deliver("a", AtOnce("1"));
        _office.Restart();
        Assert.Equal("[1-1 Ttl]", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M12"), Trait("Rule", "G4")]
    public void A_send_that_may_not_wait_reaches_the_members_that_are_connected()
    {
        _office.Join("g", "a", "b");
        var line = _office.Open("a");
        Assert.Equal(2, _office.Send("g", AtOnce("1")).Members);
        Assert.Equal(("1", "[1-1 Ttl]"), (line.Read(), _office.Poll("b")));
    }

    [Theory, Trait("Rule", "M12"), Trait("Rule", "M11")]
    [InlineData(OverflowPolicy.DropOldest)]
    [InlineData(OverflowPolicy.Reject)]
    [InlineData(OverflowPolicy.DropNewest)]
    public void A_message_that_has_ended_already_pushes_nothing_out(OverflowPolicy overflow)
    {
        _office.Set("a", new() { MaxMessages = 2, Overflow = overflow });
        _office.DeliverAll("a", "1", "2");
        for (var i = 0; i < 5; i++) Assert.Equal(Outcome.Stored, _office.Deliver("a", AtOnce("x")).Outcome);
        Assert.Equal(2, _office.Look("a")!.Messages);
        Assert.Equal("1 2 [3-7 Ttl]", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_message_that_may_not_wait_supersedes_the_older_one_of_its_topic()
    {
        _office.Deliver("a", About("t", "1"));
        _office.Deliver("a", AtOnce("2") with { Topic = "t" });
        Assert.Equal("[2-2 Ttl]", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_newer_message_supersedes_an_older_one_of_its_topic()
    {
        _office.Deliver("a", About("t", "1"));
        _office.Deliver("a", About("u", "2"));
        _office.Deliver("a", About("t", "3"));
        _office.Deliver("a", About("t", "4"));
        Assert.Equal("2 4", _office.Poll("a"));
        Assert.Equal(2, _office.Look("a")!.Messages);
    }

    [Fact, Trait("Rule", "M12")]
    public void What_was_sent_is_not_superseded()
    {
        var line = _office.Open("a");
        _office.Deliver("a", About("t", "1"));
        Assert.Equal("1", line.Take());
        _office.Deliver("a", About("t", "2"));
        line.Written();
        Assert.Equal("2", line.Read());
        Assert.Equal("1 2", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_topic_survives_a_restart()
    {
        _office.Deliver("a", About("t", "1"));
        _office.Restart();
        _office.Deliver("a", About("t", "2"));
        Assert.Equal("2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_message_that_was_refused_supersedes_nothing()
    {
        _office.Set("a", new() { MaxBytes = 3, Overflow = OverflowPolicy.Reject });
        _office.Deliver("a", About("t", "1"));
        Assert.Equal(Outcome.MailboxFull, _office.Deliver("a", About("t", "1234")).Outcome);
        Assert.Equal("1", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_topic_of_an_acknowledged_message_is_free()
    {
        _office.Acknowledge("a", _office.Deliver("a", About("t", "1")).Position);
        _office.Deliver("a", About("t", "2"));
        _office.Deliver("a", About("t", "3"));
        Assert.Equal("3", _office.Poll("a"));
    }

}
