namespace Mailbox.Engine.Tests;

/// <summary>Two engines believe that they own one mailbox: the one that loaded it last does.</summary>
public sealed class FenceTests
{
    readonly Office _former = new();
    readonly Office _owner;

    public FenceTests()
    {
        _former.DeliverAll("a", "1", "2");
        _former.Join("g", "a", "b");
        _owner = new Office(store: _former.Store, time: _former.Time);
    }

    [Fact, Trait("Rule", "M5")]
    public void What_the_former_owner_accepts_is_not_answered_as_stored()
    {
        var line = _former.Open("a");
        Assert.Equal("1 2", line.Read());
        _owner.Deliver("a", "3");
        Assert.Equal(Outcome.StoreFailed, _former.Deliver("a", "lost").Outcome);
        Assert.Equal(1, line.Bell.Rings);
        Assert.Equal(ReadStatus.Ended, line.Reader.TryRead([]));
        Assert.Equal(Ending.Moved, line.Ending);
        Assert.Equal("1 2 3", _owner.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void Other_answers_of_the_former_owner_are_refusals_too()
    {
        foreach (var refused in new Func<Position, bool>[]
        {
            last => _former.Acknowledge("a", last) == AcknowledgeOutcome.Unavailable,
            last => _former.Delete("a", last) == Outcome.StoreFailed,
            _ => _former.Remove("a") == Outcome.StoreFailed,
            _ => _former.Set("a", new() { MaxMessages = 1 }) == Outcome.StoreFailed,
            _ => _former.Join("h", "a").Outcome == Outcome.StoreFailed,
        })
        {
            var last = _former.Look("a")!.Last;
            _owner.Restart();
            Assert.Equal(last, _owner.Look("a")!.Last);
            Assert.True(refused(last));
        }
        Assert.Equal("1 2", _owner.Peek("a"));
        Assert.Null(_former.Members("h"));
    }

    [Fact, Trait("Rule", "G6")]
    public void A_send_counts_the_members_that_another_owner_has_as_refused()
    {
        _owner.Look("a");
        Assert.Equal(new SendResult(Outcome.Stored, 2, 1, 1), _former.Send("g", "3"));
        Assert.Equal("1 2", _owner.Peek("a"));
        Assert.Equal("3", _former.Peek("b"));
    }

    [Fact, Trait("Rule", "M5")]
    public void The_former_owner_takes_the_mailbox_again_with_what_is_stored()
    {
        _owner.Deliver("a", "3");
        _former.Deliver("a", "lost");
        Assert.Equal(4, _former.Deliver("a", "4").Position.Sequence);
        Assert.Equal("1 2 3 4", _former.Peek("a"));
    }

    [Fact, Trait("Rule", "M9")]
    public void An_open_in_the_batch_that_was_fenced_off_is_refused_and_ends_nobody_for_good()
    {
        var line = _former.Open("a");
        _owner.Look("a");
        var delivery = _former.Engine.DeliverAsync(Office.Name("a"), Office.Draft("lost"), TestContext.Current.CancellationToken);
        var poll = _former.Engine.OpenAsync(Office.Name("a"), new(), null, TestContext.Current.CancellationToken);
        var takeover = _former.TryOpen("a", new OpenRequest { Conflict = ConflictPolicy.Takeover });
        Assert.Equal(Outcome.StoreFailed, _former.Ask(delivery).Outcome);
        Assert.Equal(OpenOutcome.Unavailable, _former.Ask(poll).Outcome);
        Assert.Equal(OpenOutcome.Unavailable, takeover.Result.Outcome);
        Assert.Equal((ReadStatus.Ended, Ending.Moved), (line.Reader.TryRead([]), line.Ending));
    }

    [Fact, Trait("Rule", "M9")]
    public void A_reader_that_does_not_hold_gets_nothing_that_was_fenced_off()
    {
        _former.Open("a");
        var last = _former.Look("a")!.Last;
        var poll = _former.Ask(_former.Engine.OpenAsync(Office.Name("a"), new() { After = last }, null, TestContext.Current.CancellationToken)).Reader!;
        _owner.Look("a");
        Assert.Equal(Outcome.StoreFailed, _former.Deliver("a", "lost").Outcome);
        Assert.Equal("", new Line(poll, new()).Read());
    }

    [Fact, Trait("Rule", "M13")]
    public void The_key_of_a_message_in_memory_that_was_fenced_off_is_free()
    {
        var draft = Office.Draft("3") with { Durability = Durability.Memory, IdempotencyKey = "k" };
        _owner.Look("a");
        Assert.Equal(Outcome.StoreFailed, _former.Deliver("a", draft).Outcome);
        Assert.Equal(Outcome.Stored, _former.Deliver("a", draft).Outcome);
        Assert.Equal("1 2 3", _former.Peek("a"));
    }

    [Theory, Trait("Rule", "M5")]
    [InlineData(true)]
    [InlineData(false)]
    public void Of_two_that_take_one_mailbox_at_once_one_writes(bool isFirstLater)
    {
        var silos = new Neighbours();
        var (former, owner) = isFirstLater ? (silos.Two, silos.One) : (silos.One, silos.Two);
        former.Acquire("a");
        former.Deliver("a", "1");
        former.Store.Committing = () => owner.Acquire("a");
        Assert.Equal(Outcome.StoreFailed, former.Deliver("a", "lost").Outcome);
        Assert.Equal(Outcome.NotOwner, former.Deliver("a", "lost").Outcome);
        Assert.Equal(2, owner.Deliver("a", "2").Position.Sequence);
        Assert.Equal("1 2", owner.Peek("a"));
        former.Release("a");
        Assert.Equal(owner.Store.Owner, silos.OwnerOf("a"));
    }

    [Fact, Trait("Rule", "M2")]
    public void Of_two_that_make_one_mailbox_at_once_one_does()
    {
        var silos = new Neighbours();
        silos.One.Acquire("a");
        silos.Two.Acquire("a");
        Assert.Equal(Outcome.Stored, silos.Two.Deliver("a", "1").Outcome);
        silos.One.Store.Committing = () => silos.Two.Deliver("b", "x");
        silos.Two.Acquire("b");
        silos.One.Acquire("b");
        Assert.Equal(Outcome.StoreFailed, silos.One.Deliver("b", "y").Outcome);
        Assert.Equal("x", silos.Two.Peek("b"));
    }

    [Fact, Trait("Rule", "M5")]
    public void A_mailbox_that_is_not_owned_is_refused_until_it_is_acquired()
    {
        var office = new Office(new() { OwnsAll = false });
        Assert.Equal(Outcome.NotOwner, office.Deliver("a", "1").Outcome);
        Assert.True(office.Ask(office.Engine.Owned.AcquireAsync([Office.Name("a")], TestContext.Current.CancellationToken)));
        Assert.Equal(Outcome.Stored, office.Deliver("a", "1").Outcome);
        var line = office.Open("a");
        Assert.Equal("1", line.Read());
        Assert.True(office.Ask(office.Engine.Owned.ReleaseAsync([Office.Name("a")])));
        Assert.Equal(ReadStatus.Ended, line.Reader.TryRead([]));
        Assert.Equal(Ending.Moved, line.Ending);
        Assert.Equal(Outcome.NotOwner, office.Deliver("a", "2").Outcome);
    }
}
