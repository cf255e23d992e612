namespace Mailbox.Engine.Tests;

public sealed class DurabilityTests
{
    readonly Office _office = new();

    static MessageDraft At(Durability level, string body) => Office.Draft(body) with { Durability = level };

    [Theory, Trait("Rule", "M5")]
    [InlineData(Durability.Disk)]
    [InlineData(Durability.Process)]
    public void A_delivery_is_committed_at_its_level(Durability level)
    {
        _office.Deliver("a", At(level, "0"));
        _office.Deliver("a", At(level, "1"));
        Assert.Equal(level, _office.Store.LastDurability);
    }

    /// <summary>Its position is told at once, and its epoch must not change by a loss of power (M4); its deadline is durable from the start (M15).</summary>
    [Fact, Trait("Rule", "M4"), Trait("Rule", "M15")]
    public void An_open_that_makes_a_mailbox_is_synced_and_one_of_a_mailbox_that_exists_is_not()
    {
        var office = new Office(new() { Durability = Durability.Process });
        var line = office.Open("a");
        Assert.Equal(Durability.Disk, office.Store.LastDurability);
        office.Close(line);
        office.Open("a");
        Assert.Equal(Durability.Process, office.Store.LastDurability);
    }

    [Fact, Trait("Rule", "M5")]
    public void A_batch_is_as_durable_as_the_strongest_of_its_deliveries()
    {
        _office.Deliver("a", At(Durability.Process, "0"));
        var weak = _office.Engine.DeliverAsync(Office.Name("a"), At(Durability.Process, "1"), TestContext.Current.CancellationToken);
        var strong = _office.Engine.DeliverAsync(Office.Name("a"), At(Durability.Disk, "2"), TestContext.Current.CancellationToken);
        _office.Ask(weak);
        _office.Ask(strong);
        Assert.Equal(Durability.Disk, _office.Store.LastDurability);
    }

    [Fact, Trait("Rule", "M5")]
    public void A_message_in_memory_needs_no_commit()
    {
        _office.Deliver("a", At(Durability.Memory, "1"));
        var commits = _office.Store.Commits;
        Assert.Equal(2, _office.Deliver("a", At(Durability.Memory, "2")).Position.Sequence);
        Assert.Equal(commits, _office.Store.Commits);
        Assert.Equal("1 2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void Numbers_of_messages_in_memory_are_lost_in_a_crash_and_never_given_out_again()
    {
        _office.Deliver("a", "1");
        _office.Deliver("a", At(Durability.Memory, "2"));
        var last = _office.Deliver("a", At(Durability.Memory, "3")).Position;
        _office.Restart();
        var next = _office.Deliver("a", "4").Position;
        Assert.True(next.Sequence > last.Sequence);
        Assert.Equal(last.Epoch, next.Epoch);
        Assert.Equal($"1 [2-{next.Sequence - 1} Lost] 4", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void Numbers_of_messages_in_memory_are_lost_and_told_when_stored_ones_follow()
    {
        _office.Deliver("a", "1");
        _office.Deliver("a", At(Durability.Memory, "2"));
        _office.Deliver("a", "3");
        _office.Restart();
        Assert.StartsWith("1 [2-2 Lost] 3", _office.Poll("a"), StringComparison.Ordinal);
    }

    [Fact, Trait("Rule", "M5")]
    public void A_message_of_process_level_survives_a_crash_and_the_next_one_follows_without_a_gap()
    {
        _office.Deliver("a", At(Durability.Process, "1"));
        _office.Restart();
        Assert.Equal(2, _office.Deliver("a", At(Durability.Process, "2")).Position.Sequence);
        _office.Restart();
        Assert.Equal(3, _office.Deliver("a", "3").Position.Sequence);
        Assert.Equal("1 2 3", _office.Poll("a"));
    }

    [Theory, Trait("Rule", "M5")]
    [InlineData(Durability.Process, Durability.Memory)]
    [InlineData(Durability.Memory, Durability.Process)]
    public void A_mailbox_with_messages_of_both_weak_levels_never_gives_a_number_twice(Durability first, Durability second)
    {
        _office.Deliver("a", At(first, "1"));
        var last = _office.Deliver("a", At(second, "2")).Position;
        _office.Restart();
        var next = _office.Deliver("a", At(Durability.Process, "3")).Position;
        Assert.True(next.Sequence > last.Sequence);
        _office.Restart();
        Assert.Equal(next.Sequence + 1, _office.Deliver("a", "4").Position.Sequence);
    }

    [Fact, Trait("Rule", "M5")]
    public async Task A_shutdown_gives_numbers_back_that_were_not_used()
    {
        _office.Deliver("a", At(Durability.Process, "1"));
        await _office.Engine.DisposeAsync();
        _office.Restart();
        Assert.Equal(2, _office.Deliver("a", "2").Position.Sequence);
        Assert.Equal("1 2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void A_mailbox_with_messages_in_memory_keeps_them_however_long_nobody_uses_it()
    {
        _office.Deliver("a", At(Durability.Memory, "1"));
        _office.Wait(TimeSpan.FromMinutes(30));
        Assert.Equal("1", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void A_mailbox_that_gave_its_memory_back_has_no_gap_for_numbers_that_were_not_used()
    {
        _office.Deliver("a", At(Durability.Process, "1"));
        _office.Wait(TimeSpan.FromMinutes(30));
        Assert.Equal(0, _office.Engine.Mailboxes.Count);
        Assert.Equal(2, _office.Deliver("a", "2").Position.Sequence);
        Assert.Equal("1 2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M5")]
    public void What_was_not_synced_is_synced_by_maintenance()
    {
        _office.Deliver("a", At(Durability.Process, "1"));
        _office.Deliver("a", At(Durability.Process, "2"));
        Assert.True(_office.Engine.HasUnsynced);
        _office.Maintain();
        Assert.False(_office.Engine.HasUnsynced);
    }

    [Fact, Trait("Rule", "M5")]
    public void The_level_of_a_delivery_that_asks_for_none_is_the_engine_s()
    {
        var office = new Office(new() { Durability = Durability.Process });
        office.DeliverAll("a", "1", "2");
        Assert.Equal(Durability.Process, office.Store.LastDurability);
    }
}
