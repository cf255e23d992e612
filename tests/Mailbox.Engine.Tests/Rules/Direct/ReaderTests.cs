namespace Mailbox.Engine.Tests;

/// <summary>What a reader beside its mailbox sees at once; one in another process has it on the way to it.</summary>
public sealed class ReaderTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M17")]
    public void A_full_window_says_so()
    {
        for (var i = 0; i < 100; i++) _office.Deliver("a", "x");
        var line = _office.Open("a");
        Assert.Equal(64, line.ReadAll(write: false).Count);
        Assert.Equal(ReadStatus.WindowFull, line.Reader.TryRead([]));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_stream_at_a_process_that_is_not_heard_of_acknowledges_only_what_lived_60_seconds_since()
    {
        var signal = WrittenFarAway();
        _office.Wait(TimeSpan.FromSeconds(40));
        signal.IsHeard = false;
        _office.Wait(TimeSpan.FromSeconds(25));
        signal.IsHeard = true;
        _office.Wait(TimeSpan.FromSeconds(50));
        Assert.Equal("1", _office.Peek("a"));
        _office.Wait(TimeSpan.FromSeconds(15));
        Assert.Equal("", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void A_stream_at_a_process_that_was_silent_shortly_before_its_time_acknowledges_only_what_lived_60_seconds_since()
    {
        var signal = WrittenFarAway();
        _office.Wait(TimeSpan.FromSeconds(40));
        signal.IsHeard = false;
        _office.Wait(TimeSpan.FromSeconds(15));
        signal.IsHeard = true;
        _office.Wait(TimeSpan.FromSeconds(58));
        Assert.Equal("1", _office.Peek("a"));
        _office.Wait(TimeSpan.FromSeconds(5));
        Assert.Equal("", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M12")]
    public void A_message_that_may_not_wait_has_ended_a_moment_later_for_who_was_connected_too()
    {
        var slow = _office.Open("a");
        _office.Deliver("a", Office.Draft("1") with { TimeToLive = TimeSpan.Zero });
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("[1-1 Ttl]", slow.Read());
    }

    [Fact, Trait("Rule", "M8")]
    public void The_unread_mark_passes_what_was_written_behind_an_acknowledgement()
    {
        var first = _office.Deliver("a", "1").Position;
        var now = _office.Open("a", StartFrom.Now);
        _office.DeliverAll("a", "2", "3");
        Assert.Equal("2 3", now.Read());
        _office.Acknowledge("a", first);
        Assert.Equal("", _office.Poll("a"));
        _office.Deliver("a", Office.Draft("4") with { TimeToLive = TimeSpan.FromSeconds(2) });
        _office.Wait(TimeSpan.FromSeconds(5));
        _office.Deliver("a", "5");
        Assert.Equal("[4-4 Ttl] 5", now.Read());
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M6")]
    public void Bodies_come_back_from_the_store_when_they_are_cold()
    {
        _office.DeliverAll("a", "1", "2", "3");
        var line = _office.Open("a");
        Assert.Equal(ReadStatus.Cold, line.Reader.TryRead([]));
        Assert.Equal("1 2 3", line.Read());
    }

    [Fact, Trait("Rule", "M8")]
    public void What_was_written_just_before_the_reader_left_is_not_unread_after_a_restart()
    {
        _office.Deliver("a", "1");
        var line = _office.Open("a");
        Assert.Equal("1", line.Take());
        line.Reader.Close();
        line.Written();
        _office.Wait(TimeSpan.FromSeconds(5));
        _office.Restart();
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M9")]
    public void A_reader_that_looked_while_a_message_was_taken_out_in_vain_gets_it()
    {
        var line = _office.Open("a");
        Assert.Equal("", line.Read());
        _office.Deliver("a", Office.Draft("1") with { Topic = "t" });
        _office.Store.HasNoReserve = true;
        ReadStatus? found = null;
        _office.Store.Committing = () => found ??= line.Reader.TryRead([]);
        Assert.Equal(Outcome.StoreFull, _office.Deliver("a", Office.Draft("2") with { Topic = "t" }).Outcome);
        Assert.Equal(ReadStatus.Cold, found);
        Assert.Equal("1", line.Read());
    }

    /// <summary>A message has just been written to a stream of a, at another process.</summary>
    Distant WrittenFarAway()
    {
        var signal = new Distant(_office.Time);
        var reader = _office.Ask(_office.Engine.OpenAsync(Office.Name("a"), new() { AcknowledgesByLiving = true }, signal, TestContext.Current.CancellationToken)).Reader!;
        _office.Deliver("a", "1");
        Assert.Equal("1", new Line(reader, new()).Read());
        return signal;
    }

    sealed class Distant(FakeTime time) : IDistantSignal
    {
        long? _since = time.GetTimestamp();

        public bool IsHeard
        {
            set => _since = value ? time.GetTimestamp() : null;
        }

        public TimeSpan HeardFor => _since is { } since ? time.GetElapsedTime(since) : TimeSpan.Zero;

        public void Ready()
        {
        }
    }
}
