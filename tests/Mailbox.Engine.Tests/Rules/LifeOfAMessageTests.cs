namespace Mailbox.Engine.Tests;

public sealed class LifeOfAMessageTests
{
    readonly Office _office = new();

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
        var line = _office.Open("a");
        _office.Deliver("a", Office.Draft("1") with { TimeToLive = TimeSpan.Zero });
        Assert.Equal("1", line.Read());
        _office.Deliver("b", Office.Draft("1") with { TimeToLive = TimeSpan.Zero });
        _office.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal("[1-1 Ttl]", _office.Poll("b"));
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
