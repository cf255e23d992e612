using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>The store went away in the middle of a commit: whether the batch is stored nobody knows.</summary>
public sealed class UncertainTests
{
    readonly Neighbours _silos = new();

    public UncertainTests()
    {
        One.Acquire("a", "b");
        One.DeliverAll("a", "1");
        One.DeliverAll("b", "1");
    }

    Office One => _silos.One;

    [Theory, Trait("Rule", "M5")]
    [InlineData(true, "1 2 3", 3)]
    [InlineData(false, "1 3", 2)]
    public void Nothing_is_answered_as_stored_and_numbers_go_on_from_what_is(bool wasStored, string kept, long number)
    {
        One.Store.NextIsUncertain = wasStored;
        Assert.Equal(Outcome.StoreFailed, One.Deliver("a", "2").Outcome);
        Assert.Equal(number, One.Deliver("a", "3").Position.Sequence);
        Assert.Equal(kept, One.Peek("a"));
        Assert.IsType<UncertainStoreException>(Assert.Single(One.Faults));
    }

    [Theory, Trait("Rule", "M13")]
    [InlineData(true)]
    [InlineData(false)]
    public void A_delivery_that_is_repeated_with_its_key_is_stored_once(bool wasStored)
    {
        var draft = Office.Draft("2") with { IdempotencyKey = "k" };
        One.Store.NextIsUncertain = wasStored;
        Assert.Equal(Outcome.StoreFailed, One.Deliver("a", draft).Outcome);
        Assert.Equal(2, One.Deliver("a", draft).Position.Sequence);
        Assert.Equal("1 2", One.Peek("a"));
    }

    [Theory, Trait("Rule", "M9")]
    [InlineData(true)]
    [InlineData(false)]
    public void Its_readers_come_back_and_miss_nothing(bool wasStored)
    {
        var line = One.Open("a");
        Assert.Equal("1", line.Read());
        One.Store.NextIsUncertain = wasStored;
        One.Deliver("a", "2");
        Assert.Equal(ReadStatus.Ended, line.Reader.TryRead([]));
        Assert.Equal(Ending.Moved, line.Ending);
        var resumed = One.Open("a", new OpenRequest { After = line.Position, Resumes = true });
        One.Deliver("a", "3");
        Assert.Equal(wasStored ? "2 3" : "3", resumed.Read());
    }

    [Fact, Trait("Rule", "M5")]
    public void Mailboxes_that_the_batch_did_not_name_are_not_disturbed()
    {
        var line = One.Open("b");
        Assert.Equal("1", line.Read());
        One.Store.NextIsUncertain = false;
        One.Deliver("a", "2");
        One.Deliver("b", "2");
        Assert.Equal("2", line.Read());
    }

    [Theory, Trait("Rule", "M4")]
    [InlineData(true)]
    [InlineData(false)]
    public void A_mailbox_that_may_have_been_made_is_there_once(bool wasStored)
    {
        One.Acquire("new");
        One.Store.NextIsUncertain = wasStored;
        One.Deliver("new", "1");
        Assert.Equal(Outcome.Stored, One.Deliver("new", "2").Outcome);
        Assert.Equal(wasStored ? "1 2" : "2", One.Peek("new"));
    }

    [Theory, Trait("Rule", "M18")]
    [InlineData(true)]
    [InlineData(false)]
    public void A_mailbox_that_may_have_been_removed_is_there_or_new(bool wasStored)
    {
        var epoch = One.Look("a")!.Last.Epoch;
        One.Store.NextIsUncertain = wasStored;
        Assert.Equal(Outcome.StoreFailed, One.Remove("a"));
        var next = One.Deliver("a", "2");
        Assert.Equal(Outcome.Stored, next.Outcome);
        Assert.Equal(wasStored, next.Position.Epoch != epoch);
        Assert.Equal(wasStored ? "2" : "1 2", One.Peek("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_release_that_may_not_be_stored_gives_up_all_the_same()
    {
        One.Store.NextIsUncertain = false;
        One.Release("a");
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "x").Outcome);
        _silos.Two.Acquire("a");
        Assert.Equal(2, _silos.Two.Deliver("a", "2").Position.Sequence);
    }
}
