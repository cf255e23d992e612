namespace Mailbox.Engine.Tests;

public sealed class ExpiryTests
{
    static readonly TimeSpan s_hour = TimeSpan.FromHours(1);
    static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    static readonly TimeSpan s_second = TimeSpan.FromSeconds(1);

    readonly Office _office = new();

    void MakeWithIdle(TimeSpan idle) => _office.Set("a", new() { Idle = idle });

    [Fact, Trait("Rule", "M15")]
    public void A_mailbox_that_no_reader_opens_goes_after_a_day()
    {
        _office.Deliver("a", "1");
        _office.Wait(TimeSpan.FromDays(1) - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(s_second);
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_delivery_does_not_move_the_deadline()
    {
        MakeWithIdle(s_hour);
        var expires = _office.Deliver("a", "1").Expires;
        _office.Wait(s_minute);
        Assert.Equal(expires, _office.Deliver("a", "2").Expires);
        _office.Join("g", "a");
        Assert.Equal(expires, _office.Look("a")!.Expires);
        Assert.Equal(_office.Time.GetUtcNow() + s_hour - s_minute, expires);
    }

    [Fact, Trait("Rule", "M15")]
    public void A_delivery_with_idle_moves_the_deadline()
    {
        _office.Deliver("a", "1");
        var expires = _office.Deliver("a", Office.Draft("2") with { Idle = s_minute }).Expires;
        Assert.Equal(_office.Time.GetUtcNow() + s_minute, expires);
        _office.Wait(s_minute);
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_send_with_idle_moves_the_deadline_of_every_member()
    {
        _office.Join("g", "a", "b");
        _office.Send("g", Office.Draft("2") with { Idle = s_minute });
        _office.Wait(s_minute);
        Assert.Equal((null, null), (_office.Look("a"), _office.Look("b")));
    }

    [Fact, Trait("Rule", "M15")]
    public void An_open_and_an_acknowledgement_move_the_deadline()
    {
        MakeWithIdle(s_hour);
        var first = _office.Deliver("a", "1").Position;
        _office.Wait(s_minute);
        _office.Poll("a");
        Assert.Equal(_office.Time.GetUtcNow() + s_hour, _office.Look("a")!.Expires);
        _office.Wait(s_minute);
        _office.Acknowledge("a", first);
        Assert.Equal(_office.Time.GetUtcNow() + s_hour, _office.Look("a")!.Expires);
    }

    [Fact, Trait("Rule", "M15")]
    public void A_held_mailbox_stays_and_its_deadline_counts_from_when_the_reader_left()
    {
        MakeWithIdle(s_hour);
        var line = _office.Open("a");
        _office.Wait(10 * s_hour);
        Assert.Equal(_office.Time.GetUtcNow() + s_hour, _office.Deliver("a", "1").Expires);
        _office.Close(line);
        _office.Wait(s_hour - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(s_second);
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void An_open_with_idle_sets_it()
    {
        _office.Poll("a", new OpenRequest { Idle = s_minute });
        Assert.Equal(s_minute, _office.Look("a")!.Options.Idle);
        _office.Wait(s_minute);
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_delivery_after_the_deadline_goes_to_a_new_epoch_even_before_the_removal_was_due()
    {
        MakeWithIdle(s_minute);
        var old = _office.Deliver("a", "1").Position;
        _office.Time.Advance(s_minute);
        var next = _office.Deliver("a", "2").Position;
        Assert.NotEqual(old.Epoch, next.Epoch);
        Assert.Equal("[1-0 Epoch] 2", _office.Poll("a", old));
    }

    [Fact, Trait("Rule", "M15")]
    public void Removal_comes_within_10_seconds_without_anybody_asking()
    {
        MakeWithIdle(s_minute);
        _office.Wait(s_minute + TimeSpan.FromSeconds(10));
        Assert.Equal(0, _office.Engine.Mailboxes.Count);
        Assert.Empty(_office.Store.Names(null, 10));
    }

    [Fact, Trait("Rule", "M15")]
    public void Memberships_go_with_the_mailbox()
    {
        MakeWithIdle(s_minute);
        _office.Join("g", "a");
        _office.Wait(s_minute);
        Assert.Null(_office.Members("g"));
        _office.Deliver("a", "1");
        Assert.Equal(0, _office.Send("g", "2").Members);
    }

    [Fact, Trait("Rule", "M15")]
    public void The_deadline_survives_a_restart_and_is_never_before_the_true_one()
    {
        MakeWithIdle(s_hour);
        _office.Poll("a");
        _office.Wait(s_minute);
        _office.Poll("a");
        _office.Restart();
        _office.Wait(s_hour - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Restart();
        _office.Wait(s_hour / 10 + TimeSpan.FromSeconds(10));
        Assert.Empty(_office.Store.Names(null, 10));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_mailbox_that_was_held_when_the_process_died_counts_as_disconnected_at_the_start()
    {
        MakeWithIdle(s_minute);
        _office.Open("a");
        _office.Wait(s_hour);
        _office.Restart();
        _office.Wait(s_minute - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(TimeSpan.FromSeconds(20));
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_mailbox_whose_owner_died_while_it_was_held_counts_as_disconnected_when_it_is_taken()
    {
        MakeWithIdle(s_minute);
        _office.Open("a");
        _office.Wait(s_hour);
        var heir = new Office(store: _office.Store, time: _office.Time);
        Assert.NotNull(heir.Look("a"));
        heir.Wait(s_minute + TimeSpan.FromSeconds(20));
        Assert.Null(heir.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_clock_that_steps_back_removes_nothing_early_and_nothing_too_late()
    {
        MakeWithIdle(s_hour);
        _office.Time.StepWallClock(-10 * s_hour);
        _office.Wait(s_hour - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(s_second);
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_clock_that_stepped_back_over_a_restart_removes_nothing_early()
    {
        MakeWithIdle(s_hour);
        _office.Time.StepWallClock(-10 * s_hour);
        _office.Restart();
        _office.Time.StepWallClock(10 * s_hour);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(s_hour - s_second);
        Assert.NotNull(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_shorter_idle_time_counts_from_when_a_reader_was_last_seen()
    {
        MakeWithIdle(s_hour);
        _office.Wait(30 * s_minute);
        MakeWithIdle(40 * s_minute);
        _office.Wait(10 * s_minute - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(s_second);
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_reader_that_leaves_while_the_disk_is_full_still_has_its_idle_time()
    {
        MakeWithIdle(s_minute);
        var line = _office.Open("a");
        _office.Wait(s_hour);
        _office.Store.HasNoReserve = true;
        _office.Close(line);
        _office.Store.HasNoReserve = false;
        _office.Wait(s_minute - s_second);
        Assert.NotNull(_office.Look("a"));
        _office.Wait(TimeSpan.FromSeconds(20));
        Assert.Null(_office.Look("a"));
    }
}
