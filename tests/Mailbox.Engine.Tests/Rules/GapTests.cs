namespace Mailbox.Engine.Tests;

public sealed class GapTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M10")]
    public void What_the_bounds_pushed_out_is_told_as_one_gap_before_the_next_message()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "1", "2", "3", "4", "5");
        var received = _office.Open("a").ReadAll(write: true);
        Assert.Equal("[1-3 Overflow] 4 5", Line.Tell(received));
        Assert.Equal((0, 3), (received[0].Gap!.From.Sequence, received[0].Gap!.To.Sequence));
        Assert.Equal(received[0].Gap!.To, received[0].Position);
    }

    [Fact, Trait("Rule", "M10")]
    public void What_ended_its_time_is_told()
    {
        _office.Deliver("a", "1");
        _office.Deliver("a", Office.Draft("2") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Deliver("a", Office.Draft("3") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Deliver("a", "4");
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("1 [2-3 Ttl] 4", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M10")]
    public void What_another_reader_acknowledged_is_told()
    {
        var first = _office.Deliver("a", "1").Position;
        _office.Deliver("a", "2");
        var third = _office.Deliver("a", "3").Position;
        _office.Deliver("a", "4");
        _office.Acknowledge("a", third);
        Assert.Equal("[2-3 Acknowledged] 4", _office.Poll("a", first));
    }

    [Fact, Trait("Rule", "M10")]
    public void What_is_acknowledged_and_kept_for_another_connection_is_not_read_again_with_a_position()
    {
        var slow = _office.Open("a");
        var first = _office.Deliver("a", "1").Position;
        var second = _office.Deliver("a", "2").Position;
        _office.Deliver("a", "3");
        _office.Acknowledge("a", second);
        Assert.Equal("[2-2 Acknowledged] 3", _office.Poll("a", first));
        Assert.Equal("1 2 3", slow.Read());
    }

    [Fact, Trait("Rule", "M10")]
    public void Adjacent_gaps_are_one_and_tell_the_gravest_reason()
    {
        _office.Set("a", new() { MaxMessages = 3 });
        var start = _office.Look("a")!.Last;
        _office.Deliver("a", "1");
        _office.Acknowledge("a", start with { Sequence = 1 });
        _office.Deliver("a", "2");
        _office.Deliver("a", Office.Draft("3") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Deliver("a", "4");
        _office.Deliver("a", "5");
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("[1-3 Overflow] 4 5", _office.Poll("a", start));
    }

    [Fact, Trait("Rule", "M10")]
    public void Gaps_with_a_message_between_them_are_two()
    {
        _office.Set("a", new() { MaxMessages = 3 });
        _office.DeliverAll("a", "1", "2");
        _office.Deliver("a", Office.Draft("3") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Deliver("a", "4");
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("[1-1 Overflow] 2 [3-3 Ttl] 4", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M10")]
    public void A_gap_at_the_end_is_told_and_is_the_reader_s_position()
    {
        _office.Deliver("a", "1");
        var last = _office.Deliver("a", Office.Draft("2") with { TimeToLive = TimeSpan.FromSeconds(5) }).Position;
        _office.Wait(TimeSpan.FromSeconds(10));
        var line = _office.Open("a");
        Assert.Equal("1 [2-2 Ttl]", line.Read());
        Assert.Equal(last, line.Position);
        _office.Deliver("a", "3");
        Assert.Equal("3", line.Read());
    }

    [Fact, Trait("Rule", "M10")]
    public void What_a_topic_superseded_is_not_told()
    {
        _office.Deliver("a", "1");
        _office.Deliver("a", Office.Draft("2") with { Topic = "t" });
        _office.Deliver("a", Office.Draft("3") with { Topic = "t" });
        Assert.Equal("1 3", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M10")]
    public void Oldest_and_now_have_no_gap_at_the_start()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "1", "2", "3");
        Assert.Equal("2 3", _office.Poll("a", StartFrom.Oldest));
        Assert.Equal("", _office.Poll("a", StartFrom.Now));
    }

    [Fact, Trait("Rule", "M10")]
    public void Oldest_has_no_gap_for_what_ended_its_time_before()
    {
        _office.Deliver("a", Office.Draft("1") with { TimeToLive = TimeSpan.FromSeconds(5) });
        _office.Deliver("a", "2");
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("2", _office.Poll("a", StartFrom.Oldest));
    }

    [Fact, Trait("Rule", "M10")]
    public void A_position_of_another_epoch_is_a_gap_and_then_the_oldest()
    {
        var old = _office.Deliver("a", "1").Position;
        _office.Remove("a");
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "x", "y", "z");
        var line = _office.Open("a", old);
        Assert.Equal(old, line.Position);
        var received = line.ReadAll(write: true);
        Assert.Equal("[1-1 Epoch] y z", Line.Tell(received));
        Assert.Equal((old, _office.Look("a")!.Last with { Sequence = 1 }), (received[0].Gap!.From, received[0].Gap!.To));
        Assert.Equal(0, _office.Look("a")!.Acknowledged.Sequence);
    }

    [Fact, Trait("Rule", "M10")]
    public void A_position_of_the_future_is_a_gap_and_then_the_oldest()
    {
        var first = _office.Deliver("a", "1").Position;
        var future = first with { Sequence = 9 };
        var received = _office.Open("a", future).ReadAll(write: true);
        Assert.Equal(new Gap(future, first with { Sequence = 0 }, GapReason.Epoch), received[0].Gap);
        Assert.Equal("1", Line.Tell(received.Skip(1)));
        Assert.Equal(0, _office.Look("a")!.Acknowledged.Sequence);
    }

    [Fact, Trait("Rule", "M10")]
    public void Gaps_survive_a_restart()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "1", "2", "3");
        _office.Restart();
        Assert.Equal("[1-1 Overflow] 2 3", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M10")]
    public void A_gap_that_was_told_is_not_told_again()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "1", "2", "3");
        var line = _office.Open("a");
        Assert.Equal("[1-1 Overflow] 2 3", line.Read());
        _office.Deliver("a", "4");
        Assert.Equal("4", line.Read());
        Assert.Equal("", _office.Poll("a", line.Position));
    }
}
