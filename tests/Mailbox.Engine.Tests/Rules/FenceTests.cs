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

    [Fact, Trait("Rule", "M5")]
    public void A_mailbox_that_is_not_owned_is_refused_until_it_is_acquired()
    {
        var office = new Office(new() { OwnsAll = false });
        Assert.Equal(Outcome.NotOwner, office.Deliver("a", "1").Outcome);
        Assert.True(office.Ask(office.Engine.AcquireAsync([Office.Name("a")])));
        Assert.Equal(Outcome.Stored, office.Deliver("a", "1").Outcome);
        var line = office.Open("a");
        Assert.Equal("1", line.Read());
        Assert.True(office.Ask(office.Engine.ReleaseAsync([Office.Name("a")])));
        Assert.Equal(ReadStatus.Ended, line.Reader.TryRead([]));
        Assert.Equal(Ending.Moved, line.Ending);
        Assert.Equal(Outcome.NotOwner, office.Deliver("a", "2").Outcome);
    }
}
