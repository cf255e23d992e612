namespace Mailbox.Engine.Tests;

/// <summary>A mailbox goes from one engine to the next and nothing of it is different.</summary>
public sealed class HandOverTests
{
    readonly Neighbours _silos = new();

    public HandOverTests()
    {
        One.Acquire("a");
        One.DeliverAll("a", "1", "2");
    }

    Office One => _silos.One;

    Office Two => _silos.Two;

    [Fact, Trait("Rule", "M4")]
    public void Numbers_and_the_epoch_go_on()
    {
        var last = One.Deliver("a", "3").Position;
        Move();
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "x").Outcome);
        Assert.Equal(last with { Sequence = 4 }, Two.Deliver("a", "4").Position);
        Assert.Equal("1 2 3 4", Two.Peek("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void What_was_written_is_not_unread_at_the_next_engine()
    {
        var line = One.Open("a");
        Assert.Equal("1 2", line.Read());
        One.Deliver("a", "3");
        Move();
        Assert.Equal("3", Two.Poll("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void Numbers_that_were_reserved_and_not_given_out_are_given_back()
    {
        One.Deliver("a", Office.Draft("3") with { Durability = Durability.Process });
        Move();
        Assert.Equal(4, Two.Deliver("a", "4").Position.Sequence);
        Assert.Equal("1 2 3 4", Two.Peek("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void Numbers_of_messages_that_were_only_in_memory_are_told_as_lost()
    {
        One.Deliver("a", Office.Draft("gone") with { Durability = Durability.Memory });
        Move();
        Assert.Equal(4, Two.Deliver("a", "4").Position.Sequence);
        Assert.Equal("1 2 [3-3 Lost] 4", Two.Peek("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void Who_held_it_counts_as_gone_at_the_hand_over()
    {
        One.Set("a", new() { Idle = TimeSpan.FromMinutes(1) });
        One.Open("a");
        One.Wait(TimeSpan.FromMinutes(10));
        One.Release("a");
        var marks = _silos.Rows.Mailboxes.Load(Office.Name("a"))!.Marks;
        Assert.False(marks.Held);
        Assert.Equal(One.Engine.Clock.Now.AddMinutes(1).ToUnixTimeMilliseconds(), marks.Deadline);
    }

    [Fact, Trait("Rule", "M15")]
    public void The_deadline_of_one_that_nobody_holds_is_stored_exactly()
    {
        var expires = One.Look("a")!.Expires;
        Move();
        Assert.Equal(expires, Two.Look("a")!.Expires);
    }

    [Fact, Trait("Rule", "M7")]
    public void What_was_acknowledged_stays_acknowledged()
    {
        One.Acknowledge("a", One.Look("a")!.Last with { Sequence = 1 });
        Move();
        Assert.Equal("2", Two.Peek("a"));
        Assert.Equal(1, Two.Look("a")!.Acknowledged.Sequence);
    }

    [Fact, Trait("Rule", "M13")]
    public void The_next_engine_knows_the_answers_to_keys()
    {
        var draft = Office.Draft("3") with { IdempotencyKey = "k" };
        var first = One.Deliver("a", draft);
        Move();
        Assert.Equal(first, Two.Deliver("a", draft));
        Assert.Equal("1 2 3", Two.Peek("a"));
    }

    [Fact, Trait("Rule", "M10")]
    public void Readers_end_because_it_moved_and_are_told()
    {
        var line = One.Open("a");
        Assert.Equal("1 2", line.Read());
        Move();
        Assert.Equal((1, ReadStatus.Ended, Ending.Moved), (line.Bell.Rings, line.Reader.TryRead([]), line.Ending));
        One.Close(line);
        Assert.Empty(One.Faults);
    }

    [Fact, Trait("Rule", "M6")]
    public async Task An_engine_that_stops_hands_over_all_it_has()
    {
        var line = One.Open("a");
        Assert.Equal("1 2", line.Read());
        One.Deliver("a", Office.Draft("3") with { Durability = Durability.Process });
        await One.Engine.DisposeAsync();
        Assert.Null(_silos.OwnerOf("a"));
        Two.Acquire("a");
        Assert.Equal("3", Two.Poll("a"));
        Assert.Equal(4, Two.Deliver("a", "4").Position.Sequence);
    }

    [Fact, Trait("Rule", "M3")]
    public void A_mailbox_goes_back_and_forth()
    {
        for (var i = 3; i < 9; i += 2)
        {
            Move();
            Assert.Equal(i, Two.Deliver("a", $"{i}").Position.Sequence);
            Two.Release("a");
            One.Acquire("a");
            Assert.Equal(i + 1, One.Deliver("a", $"{i + 1}").Position.Sequence);
        }
        Assert.Equal("1 2 3 4 5 6 7 8", One.Peek("a"));
    }

    void Move()
    {
        One.Release("a");
        Two.Acquire("a");
    }
}
