using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

public sealed class AcknowledgeTests
{
    static readonly OpenRequest s_stream = new() { AcknowledgesByLiving = true };

    readonly Office _office = new();

    [Fact, Trait("Rule", "M7")]
    public void What_is_acknowledged_leaves_the_mailbox()
    {
        _office.Deliver("a", "1");
        var second = _office.Deliver("a", "2").Position;
        _office.Deliver("a", "3");
        Assert.Equal(AcknowledgeOutcome.Acknowledged, _office.Acknowledge("a", second));
        Assert.Equal("3", _office.Peek("a"));
        Assert.Equal((second, 1), (_office.Look("a")!.Acknowledged, _office.Look("a")!.Messages));
    }

    [Fact, Trait("Rule", "M7")]
    public void An_acknowledgement_never_moves_back()
    {
        var first = _office.Deliver("a", "1").Position;
        var second = _office.Deliver("a", "2").Position;
        _office.Acknowledge("a", second);
        Assert.Equal(AcknowledgeOutcome.Acknowledged, _office.Acknowledge("a", first));
        Assert.Equal(second, _office.Look("a")!.Acknowledged);
    }

    [Fact, Trait("Rule", "M7")]
    public void A_position_of_another_epoch_or_of_the_future_is_refused()
    {
        var first = _office.Deliver("a", "1").Position;
        Assert.Equal(AcknowledgeOutcome.BadPosition, _office.Acknowledge("a", first with { Sequence = 2 }));
        Assert.Equal(AcknowledgeOutcome.BadPosition, _office.Acknowledge("a", first with { Epoch = first.Epoch + 1 }));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void Opening_with_a_position_acknowledges_it()
    {
        var first = _office.Deliver("a", "1").Position;
        _office.Deliver("a", "2");
        Assert.Equal("2", _office.Poll("a", first));
        Assert.Equal(first, _office.Look("a")!.Acknowledged);
    }

    [Fact, Trait("Rule", "M7")]
    public void An_acknowledgement_survives_a_restart()
    {
        _office.Acknowledge("a", _office.Deliver("a", "1").Position);
        Assert.Equal(Durability.Disk, _office.Store.LastDurability);
        _office.Deliver("a", "2");
        _office.Restart();
        Assert.Equal("2", _office.Peek("a"));
        Assert.Equal(1, _office.Look("a")!.Acknowledged.Sequence);
    }

    [Fact, Trait("Rule", "M7")]
    public void A_stream_that_lives_60_seconds_later_acknowledges_what_was_written_to_it()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        Assert.Equal("1", line.Read());
        _office.Wait(TimeSpan.FromSeconds(59));
        Assert.Equal("1", _office.Peek("a"));
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("", _office.Peek("a"));
        Assert.Equal(1, _office.Look("a")!.Acknowledged.Sequence);
    }

    [Fact, Trait("Rule", "M7")]
    public void A_message_is_not_acknowledged_before_it_is_60_seconds_old()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        line.Read();
        _office.Wait(TimeSpan.FromSeconds(59));
        _office.Deliver("a", "2");
        line.Read();
        _office.Wait(TimeSpan.FromSeconds(58));
        Assert.EndsWith("2", _office.Peek("a"), StringComparison.Ordinal);
        _office.Wait(TimeSpan.FromSeconds(3));
        Assert.Equal("", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_stream_that_ended_before_acknowledges_nothing()
    {
        var line = _office.Open("a", s_stream);
        var first = _office.Deliver("a", "1").Position;
        line.Read();
        _office.Wait(TimeSpan.FromSeconds(50));
        _office.Close(line);
        var other = _office.Open("a", s_stream);
        _office.Wait(TimeSpan.FromSeconds(100));
        Assert.Equal("1", _office.Peek("a"));
        Assert.Equal("", other.Read());
        Assert.Equal("1", _office.Poll("a", first with { Sequence = 0 }));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_reader_that_was_ended_acknowledges_nothing()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        line.Read();
        _office.Open("a", new OpenRequest { Conflict = ConflictPolicy.Takeover });
        _office.Wait(TimeSpan.FromSeconds(100));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void What_was_taken_and_never_written_is_not_acknowledged()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        Assert.Equal("1", line.Take());
        _office.Wait(TimeSpan.FromSeconds(100));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Theory, Trait("Rule", "M7")]
    [InlineData(70)]
    [InlineData(3)]
    public void Time_in_which_the_process_was_suspended_does_not_count(int seconds)
    {
        var line = _office.Open("a", s_stream);
        var first = _office.Deliver("a", "1").Position;
        line.Read();
        _office.Wait(TimeSpan.FromSeconds(60));
        _office.Time.Advance(TimeSpan.FromSeconds(seconds));
        _office.Maintain();
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("1", _office.Peek("a"));
        _office.Close(line);
        _office.Wait(TimeSpan.FromSeconds(100));
        Assert.Equal("1", _office.Poll("a", first with { Sequence = 0 }));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_clock_that_steps_forward_acknowledges_nothing()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        line.Read();
        _office.Wait(TimeSpan.FromSeconds(2));
        _office.Time.StepWallClock(TimeSpan.FromHours(1));
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_stream_that_lives_60_seconds_after_a_suspension_acknowledges()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        line.Read();
        _office.Wait(TimeSpan.FromSeconds(1));
        _office.Time.Advance(TimeSpan.FromSeconds(70));
        _office.Maintain();
        _office.Wait(TimeSpan.FromSeconds(59));
        Assert.Equal("1", _office.Peek("a"));
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void Time_in_which_a_slow_store_commits_counts()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        line.Read();
        // The process lives meanwhile: its timer goes on.
        _office.Store.Committing = () =>
        {
            for (var i = 0; i < 3; i++)
            {
                _office.Time.Advance(TimeSpan.FromSeconds(1));
                _office.Engine.Maintain();
            }
        };
        for (var i = 0; i < 25; i++) _office.Deliver("b", "x");
        _office.Store.Committing = null;
        Assert.Equal("", _office.Peek("a"));
    }

    /// <summary>In one pass: a search through the topics for each message would take hours, and the run would be ended.</summary>
    [Fact, Trait("Rule", "M7")]
    public void A_million_messages_of_as_many_topics_leave_in_one_pass()
    {
        const int Messages = MailboxOptions.MaxMessagesLimit;
        var state = new MailboxState<string>(MailboxOptions.Default with { MaxMessages = Messages });
        for (var i = 1; i <= Messages; i++) state.Append(new(i, 1, uint.MaxValue, ""), $"{i}");
        // A topic that is used again has another place among them.
        state.Append(new(Messages + 1, 1, uint.MaxValue, ""), "1");
        state.Trim(Messages);
        Assert.Equal((1, 1L), (state.Count, state.Bytes));
        Assert.Equal([KeyValuePair.Create("1", Messages + 1L)], state.Topics);
    }

    [Fact, Trait("Rule", "M7")]
    public void A_poll_acknowledges_nothing_by_itself()
    {
        _office.Deliver("a", "1");
        Assert.Equal("1", _office.Poll("a"));
        _office.Wait(TimeSpan.FromSeconds(100));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void An_acknowledgement_that_a_full_disk_refused_is_made_when_there_is_room()
    {
        var line = _office.Open("a", s_stream);
        _office.Deliver("a", "1");
        line.Read();
        _office.Store.HasNoReserve = true;
        _office.Wait(TimeSpan.FromSeconds(70));
        Assert.Equal(0, _office.Look("a")!.Acknowledged.Sequence);
        _office.Store.HasNoReserve = false;
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal(1, _office.Look("a")!.Acknowledged.Sequence);
    }
}
