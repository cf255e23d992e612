using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>Which mailboxes are an engine's, beside others.</summary>
public sealed class AcquireTests
{
    readonly Neighbours _silos = new();

    Office One => _silos.One;

    [Fact, Trait("Rule", "M3")]
    public void Who_acquired_twice_releases_twice()
    {
        One.Acquire("a");
        One.Acquire("a");
        One.Deliver("a", "1");
        One.Release("a");
        Assert.Equal(Outcome.Stored, One.Deliver("a", "2").Outcome);
        Assert.Equal("silo-1", _silos.OwnerOf("a"));
        One.Release("a");
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "3").Outcome);
        Assert.Null(_silos.OwnerOf("a"));
    }

    [Fact, Trait("Rule", "M3")]
    public void Releasing_what_is_not_owned_does_nothing()
    {
        Assert.True(One.Release("a"));
        One.Acquire("a");
        One.Release("a");
        One.Release("a");
        One.Acquire("a");
        Assert.Equal(Outcome.Stored, One.Deliver("a", "1").Outcome);
        Assert.False(_silos.Two.Ask(_silos.Two.Engine.Owned.HasAsync(Office.Name("a"))));
    }

    [Fact, Trait("Rule", "M15")]
    public void Two_releases_at_once_hand_over_as_one_after_the_other_does()
    {
        One.Acquire("a");
        One.Acquire("a");
        One.Deliver("a", "1");
        var line = One.Open("a");
        var first = One.Engine.Owned.ReleaseAsync([Office.Name("a")]);
        One.Release("a");
        Assert.True(One.Ask(first));
        Assert.Equal(ReadStatus.Ended, line.Reader.TryRead([]));
        Assert.Null(_silos.OwnerOf("a"));
        Assert.False(_silos.Rows.Mailboxes.Load(Office.Name("a"))!.Marks.Held);
    }

    [Fact, Trait("Rule", "M3")]
    public void What_comes_with_the_release_in_one_batch_but_after_it_is_refused()
    {
        One.Acquire("a");
        One.Deliver("a", "1");
        var release = One.Engine.Owned.ReleaseAsync([Office.Name("a")]);
        var delivery = One.Engine.DeliverAsync(Office.Name("a"), Office.Draft("2"), TestContext.Current.CancellationToken);
        var open = One.TryOpen("a");
        Assert.True(One.Ask(release));
        Assert.Equal(Outcome.NotOwner, One.Ask(delivery).Outcome);
        Assert.Equal(OpenOutcome.Unavailable, open.Result.Outcome);
        Assert.Null(_silos.OwnerOf("a"));
        Assert.False(_silos.Rows.Mailboxes.Load(Office.Name("a"))!.Marks.Held);
    }

    [Fact, Trait("Rule", "M3")]
    public void A_mailbox_that_is_acquired_twice_at_once_is_taken_once()
    {
        _silos.Two.Acquire("a");
        _silos.Two.Deliver("a", "1");
        _silos.Two.Release("a");
        var prepared = 0;
        One.Store.Preparing = () => Interlocked.Increment(ref prepared);
        var first = One.Engine.Owned.AcquireAsync([Office.Name("a"), Office.Name("b")], TestContext.Current.CancellationToken);
        var second = One.Engine.Owned.AcquireAsync([Office.Name("b"), Office.Name("a")], TestContext.Current.CancellationToken);
        Assert.True(One.Ask(first));
        Assert.True(One.Ask(second));
        Assert.Equal(1, prepared);
        One.Release("a", "b");
        Assert.Equal(Outcome.Stored, One.Deliver("a", "2").Outcome);
        One.Release("a", "b");
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "3").Outcome);
    }

    [Fact, Trait("Rule", "M5")]
    public void Taking_again_what_is_owned_does_not_disturb_its_readers()
    {
        One.Acquire("a");
        var line = One.Open("a");
        One.Acquire("a", "b");
        One.Release("a", "b");
        One.Deliver("a", "1");
        Assert.Equal("1", line.Read());
    }

    [Fact, Trait("Rule", "M5")]
    public void An_acquire_that_fails_in_the_store_leaves_nothing_behind()
    {
        One.Acquire("a");
        One.Store.Preparing = () => throw new StoreException("The store was made to be away.");
        Assert.Throws<StoreException>(() => One.Acquire("a", "b"));
        Assert.Equal(Outcome.NotOwner, One.Deliver("b", "1").Outcome);
        One.Release("a");
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "1").Outcome);
    }

    [Fact, Trait("Rule", "M5")]
    public async Task An_acquire_that_nobody_waits_for_any_more_leaves_nothing_behind()
    {
        One.Acquire("a");
        using var cancel = new CancellationTokenSource();
        One.Store.Preparing = () =>
        {
            cancel.Cancel();
            cancel.Token.ThrowIfCancellationRequested();
        };
        var acquiring = One.Engine.Owned.AcquireAsync([Office.Name("a"), Office.Name("b")], cancel.Token).AsTask();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Task.FromResult(One.Ask(new ValueTask<bool>(acquiring))));
        One.Release("a");
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "1").Outcome);
    }

    [Fact, Trait("Rule", "M5")]
    public async Task An_engine_that_stops_acquires_nothing()
    {
        One.Acquire("a");
        One.Deliver("a", "1");
        await One.Engine.DisposeAsync();
        Assert.False(One.Acquire("b"));
        Assert.False(One.Release("a"));
        Assert.Null(_silos.OwnerOf("a"));
    }
}
