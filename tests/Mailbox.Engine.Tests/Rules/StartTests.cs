namespace Mailbox.Engine.Tests;

public sealed class StartTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M8")]
    public void Unread_starts_at_what_was_never_written()
    {
        _office.DeliverAll("a", "1", "2");
        Assert.Equal("1 2", _office.Poll("a"));
        _office.Deliver("a", "3");
        Assert.Equal("3", _office.Poll("a"));
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void What_was_taken_and_not_written_is_unread()
    {
        _office.Deliver("a", "1");
        var line = _office.Open("a");
        Assert.Equal("1", line.Take());
        _office.Close(line);
        Assert.Equal("1", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void Oldest_starts_at_all_that_is_kept()
    {
        _office.DeliverAll("a", "1", "2");
        _office.Poll("a");
        Assert.Equal("1 2", _office.Poll("a", StartFrom.Oldest));
        _office.Acknowledge("a", _office.Look("a")!.Last with { Sequence = 1 });
        Assert.Equal("2", _office.Poll("a", StartFrom.Oldest));
    }

    [Fact, Trait("Rule", "M8")]
    public void Now_starts_after_the_newest_and_leaves_the_rest_unread()
    {
        _office.DeliverAll("a", "1", "2");
        var line = _office.Open("a", StartFrom.Now);
        Assert.Equal("", line.Read());
        _office.Deliver("a", "3");
        Assert.Equal("3", line.Read());
        Assert.Equal("1 2 3", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void The_unread_mark_passes_what_another_reader_wrote_once_nothing_before_it_is_unread()
    {
        _office.DeliverAll("a", "1", "2");
        var now = _office.Open("a", StartFrom.Now);
        _office.Deliver("a", "3");
        Assert.Equal("3", now.Read());
        var unread = _office.Open("a", new OpenRequest { WindowMessages = 2 });
        Assert.Equal("1 2", unread.Take());
        unread.Written();
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void The_unread_mark_passes_numbers_that_are_gone_without_a_gap()
    {
        _office.Delete("a", _office.Deliver("a", "1").Position);
        var now = _office.Open("a", StartFrom.Now);
        _office.Deliver("a", "2");
        Assert.Equal("2", now.Read());
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void The_unread_mark_does_not_pass_a_gap_that_nobody_was_told_of()
    {
        _office.Set("a", new() { MaxMessages = 2 });
        _office.DeliverAll("a", "1", "2", "3");
        Assert.Equal("[1-1 Overflow] 2 3", _office.Poll("a"));
        _office.DeliverAll("a", "4", "5", "6");
        var now = _office.Open("a", StartFrom.Now);
        _office.Deliver("a", "7");
        Assert.Equal("7", now.Read());
        Assert.StartsWith("[4-5 Overflow]", _office.Poll("a"), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "M8")]
    public void Written_marks_are_stored_within_5_seconds()
    {
        _office.DeliverAll("a", "1", "2");
        Assert.Equal("1 2", _office.Poll("a"));
        _office.Wait(TimeSpan.FromSeconds(5));
        _office.Restart();
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public async Task A_shutdown_forgets_no_written_mark()
    {
        _office.Deliver("a", "1");
        Assert.Equal("1", _office.Poll("a"));
        await _office.Engine.DisposeAsync();
        _office.Restart();
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void After_a_crash_there_may_be_repeats_and_never_a_loss()
    {
        _office.DeliverAll("a", "1", "2");
        _office.Poll("a");
        _office.Restart();
        Assert.Equal("1 2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void A_written_mark_that_a_full_disk_refused_is_stored_when_there_is_room()
    {
        _office.Deliver("a", "1");
        _office.Poll("a");
        _office.Store.HasNoReserve = true;
        _office.Wait(TimeSpan.FromSeconds(2));
        _office.Store.HasNoReserve = false;
        _office.Wait(TimeSpan.FromSeconds(5));
        _office.Restart();
        Assert.Equal("", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M8")]
    public void What_is_written_while_a_refused_batch_is_taken_back_stays_written()
    {
        _office.Deliver("a", "1");
        var line = _office.Open("a");
        Assert.Equal("1", line.Take());
        _office.Store.HasNoReserve = true;
        _office.Store.Committing = line.Written;
        Assert.Equal(Outcome.StoreFull, _office.Deliver("a", "2").Outcome);
        (_office.Store.HasNoReserve, _office.Store.Committing) = (false, null);
        _office.Deliver("a", "3");
        Assert.Equal("3", _office.Poll("a"));
    }
}
