using System.Text;
using Mailbox.Storage;

namespace Mailbox.Engine.Tests;

/// <summary>A part of a group send whose members belong to many engines: stored once for each, whatever is repeated (spec G9).</summary>
public sealed class SendPartTests
{
    const long Send = 7;

    readonly Neighbours _silos = new();

    public SendPartTests()
    {
        One.Acquire("a", "b");
        One.DeliverAll("a", "1");
        One.DeliverAll("b", "1");
    }

    Office One => _silos.One;

    Office Two => _silos.Two;

    [Fact, Trait("Rule", "G6")]
    public void Every_member_gets_the_message()
    {
        Assert.Equal("Stored Stored", Part(One, Member("a"), Member("b")));
        Assert.Equal(("1 m", "1 m"), (One.Peek("a"), One.Peek("b")));
    }

    [Fact, Trait("Rule", "G9")]
    public void A_part_that_is_repeated_stores_nothing_again()
    {
        var members = new[] { Member("a"), Member("b") };
        Part(One, members[0]);
        Assert.Equal("NotOwner Stored", Part(One, members));
        One.Acquire("a");
        Assert.Equal(("1 m", "1 m"), (One.Peek("a"), One.Peek("b")));
    }

    [Fact, Trait("Rule", "G9")]
    public void A_part_that_is_repeated_after_a_crash_stores_nothing_again()
    {
        var members = new[] { Member("a"), Member("b") };
        Part(One, members);
        _silos.CrashOne();
        Two.Acquire("a", "b");
        Assert.Equal("NotOwner NotOwner", Part(Two, members));
        Two.Acquire("a", "b");
        Assert.Equal(("1 m", "1 m"), (Two.Peek("a"), Two.Peek("b")));
        Assert.Equal(3, Two.Deliver("a", "3").Position.Sequence);
    }

    [Theory, Trait("Rule", "G9")]
    [InlineData(true)]
    [InlineData(false)]
    public void A_part_whose_answer_got_lost_is_stored_once(bool wasStored)
    {
        var member = Member("a");
        One.Store.NextIsUncertain = wasStored;
        Assert.Equal("NotOwner", Part(One, member));
        Part(One, member);
        One.Acquire("a");
        Assert.Equal("1 m", One.Peek("a"));
    }

    [Fact, Trait("Rule", "M11")]
    public void A_member_that_is_full_refuses_and_the_others_get_it()
    {
        One.Set("a", new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject });
        Assert.Equal("Refused Stored", Part(One, Member("a"), Member("b")));
        Assert.Equal(("1", "1 m"), (One.Peek("a"), One.Peek("b")));
    }

    [Fact, Trait("Rule", "M15")]
    public void Only_a_part_that_carries_an_idle_time_moves_the_deadline()
    {
        var (expires, idle) = (One.Look("b")!.Expires, TimeSpan.FromDays(3));
        Part(One, Member("b"));
        Assert.Equal(expires, One.Look("b")!.Expires);
        Assert.Equal("Stored", Part(One, takeUnowned: false, idle, Member("a")));
        Assert.Equal(One.Engine.Clock.Now + idle, One.Look("a")!.Expires);
    }

    [Fact, Trait("Rule", "G3")]
    public void A_mailbox_that_was_made_again_or_is_gone_is_not_a_member()
    {
        var (a, b) = (Member("a"), Member("b"));
        One.Remove("a");
        One.Remove("b");
        One.Deliver("a", "new");
        Assert.Equal("Refused Refused", Part(One, a, b));
        Assert.Equal("new", One.Peek("a"));
        Assert.Null(One.Look("b"));
    }

    [Fact, Trait("Rule", "G9")]
    public void A_member_of_another_engine_is_not_touched()
    {
        Assert.Equal("NotOwner", Part(Two, Member("a")));
        Assert.Equal("silo-1", _silos.OwnerOf("a"));
        Assert.Equal(Outcome.Stored, One.Deliver("a", "2").Outcome);
    }

    [Fact, Trait("Rule", "G9")]
    public void A_member_that_nobody_owns_is_taken_for_the_moment()
    {
        var members = new[] { Member("a"), Member("b") };
        One.Release("a", "b");
        Assert.Equal("Stored Stored", Part(Two, takeUnowned: true, members));
        Assert.Equal((null, null), (_silos.OwnerOf("a"), _silos.OwnerOf("b")));
        Assert.Equal(Outcome.NotOwner, Two.Deliver("a", "x").Outcome);
        One.Acquire("a");
        Assert.Equal("1 m", One.Peek("a"));
    }

    [Fact, Trait("Rule", "G9")]
    public void One_that_is_owned_already_stays_owned()
    {
        var line = One.Open("a");
        Assert.Equal("Stored", Part(One, takeUnowned: true, Member("a")));
        Assert.Equal("1 m", line.Read());
        Assert.Equal(Outcome.Stored, One.Deliver("a", "2").Outcome);
        Assert.Equal("2", line.Read());
    }

    [Fact, Trait("Rule", "G9")]
    public void A_member_that_another_engine_took_meanwhile_stays_with_it()
    {
        var members = new[] { Member("a"), Member("b") };
        One.Release("b");
        Assert.Equal("NotOwner Stored", Part(Two, takeUnowned: true, members));
        Assert.Equal("silo-1", _silos.OwnerOf("a"));
        Assert.Equal(Outcome.Stored, One.Deliver("a", "2").Outcome);
    }

    [Fact, Trait("Rule", "G9")]
    public void Where_the_store_is_away_nothing_is_known()
    {
        var member = Member("a");
        One.Release("a");
        Two.Store.Preparing = () => throw new StoreException("The store was made to be away.");
        Assert.Equal("NotOwner", Part(Two, takeUnowned: true, member));
        Assert.NotEmpty(Two.Faults);
    }

    [Fact, Trait("Rule", "G9")]
    public void A_member_that_another_engine_takes_before_the_commit_is_not_answered_as_stored()
    {
        var members = new[] { Member("a"), Member("b") };
        One.Store.Committing = () => Two.Acquire("a");
        Assert.Equal("NotOwner Stored", Part(One, members));
        Assert.Equal("1", Two.Peek("a"));
        Assert.Equal("Stored", Part(Two, members[0]));
        Assert.Equal("1 m", Two.Peek("a"));
    }

    SendMember Member(string name) => new(Office.Name(name), One.Look(name)!.Last.Epoch, null);

    static string Part(Office office, params SendMember[] members) => Part(office, takeUnowned: false, members);

    static string Part(Office office, bool takeUnowned, params SendMember[] members) => Part(office, takeUnowned, null, members);

    static string Part(Office office, bool takeUnowned, TimeSpan? idle, params SendMember[] members)
    {
        var now = office.Engine.Clock.Now;
        var message = new Message { Body = Encoding.UTF8.GetBytes("m"), ContentType = "text/plain", At = now, Expires = now.AddDays(1), Group = Office.Group("g") };
        return string.Join(' ', office.Ask(office.Engine.Owned.SendPartAsync(new(Send, message, idle), members, takeUnowned)));
    }
}
