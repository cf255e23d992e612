using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>Mailboxes whose time has passed while nobody owned them (spec M15).</summary>
public sealed class SweepTests
{
    readonly Neighbours _silos = new();

    public SweepTests()
    {
        One.Acquire("a");
        One.Set("a", new() { Idle = TimeSpan.FromMinutes(1) });
        One.Deliver("a", "1");
    }

    Office One => _silos.One;

    Office Two => _silos.Two;

    [Fact, Trait("Rule", "M15")]
    public void One_that_nobody_owns_is_removed_at_most_10_seconds_after_it_is_due()
    {
        One.Release("a");
        Two.Wait(TimeSpan.FromSeconds(50));
        Assert.Equal("a", Names());
        Two.Wait(TimeSpan.FromSeconds(20));
        Assert.Equal("", Names());
        Assert.Equal(Outcome.NotOwner, Two.Deliver("a", "x").Outcome);
        Assert.Empty(Two.Faults);
    }

    [Fact, Trait("Rule", "M15")]
    public void One_that_was_held_by_a_process_that_died_lives_for_its_idle_time_from_then()
    {
        One.Open("a");
        One.Wait(TimeSpan.FromMinutes(5));
        _silos.CrashOne();
        Two.Wait(TimeSpan.FromSeconds(50));
        Assert.Equal("a", Names());
        Two.Wait(TimeSpan.FromSeconds(20));
        Assert.Equal("", Names());
    }

    [Fact, Trait("Rule", "M15")]
    public void One_that_another_owns_is_left_to_it()
    {
        Two.Wait(TimeSpan.FromMinutes(2));
        Assert.Equal(("a", "silo-1"), (Names(), _silos.OwnerOf("a")));
        One.Maintain();
        Assert.Equal("", Names());
        Assert.Empty(One.Faults);
    }

    [Fact, Trait("Rule", "M15")]
    public void One_that_a_reader_came_to_while_the_sweep_took_it_stays()
    {
        One.Release("a");
        _silos.Time.Advance(TimeSpan.FromMinutes(2));
        One.Acquire("b");
        Two.Store.Preparing = () => TakeAndUse("a");
        Two.Maintain();
        Assert.Equal("a", Names());
        Assert.Equal("2", Peek("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void One_that_another_takes_before_the_removal_is_stored_is_not_removed()
    {
        One.Release("a");
        _silos.Time.Advance(TimeSpan.FromMinutes(2));
        Two.Store.Committing = () =>
        {
            if (One.Ask(One.Engine.Owned.HasAsync(Office.Name("a")))) return;
            TakeAndUse("a");
        };
        Two.Maintain();
        Assert.Equal("2", One.Peek("a"));
        Assert.Equal(Outcome.Stored, One.Deliver("a", "3").Outcome);
    }

    [Fact, Trait("Rule", "M15")]
    public void A_sweep_that_cannot_reach_the_store_is_made_again()
    {
        One.Release("a");
        Two.Store.Preparing = () => throw new StoreException("The store was made to be away.");
        Two.Wait(TimeSpan.FromMinutes(2));
        Assert.Equal("a", Names());
        Assert.NotEmpty(Two.Faults);
        Two.Store.Preparing = null;
        Two.Maintain();
        Assert.Equal("", Names());
    }

    [Fact, Trait("Rule", "M15")]
    public void Two_that_sweep_at_once_remove_it_once()
    {
        One.Release("a");
        _silos.Time.Advance(TimeSpan.FromMinutes(2));
        var hasRun = false;
        Two.Store.Preparing = () =>
        {
            if (!hasRun) One.Maintain();
            hasRun = true;
        };
        Two.Maintain();
        Assert.Equal("", Names());
        Assert.Empty(One.Faults.Concat(Two.Faults));
    }

    /// <summary>The first engine takes it, which removes what is due, and delivers to the new one.</summary>
    void TakeAndUse(string mailbox)
    {
        One.Acquire(mailbox);
        One.Deliver(mailbox, "2");
    }

    string Peek(string mailbox)
    {
        _silos.CrashOne();
        One.Acquire(mailbox);
        return One.Peek(mailbox);
    }

    string Names() => string.Join(' ', _silos.Rows.Mailboxes.Names(null, 10));
}
