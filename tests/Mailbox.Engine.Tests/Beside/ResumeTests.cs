namespace Mailbox.Engine.Tests;

/// <summary>A reader goes on at its position because its mailbox has moved, and its client notices nothing.</summary>
public sealed class ResumeTests
{
    readonly Neighbours _silos = new();

    public ResumeTests()
    {
        One.Acquire("a");
        One.DeliverAll("a", "1", "2", "3");
    }

    Office One => _silos.One;

    Office Two => _silos.Two;

    [Fact, Trait("Rule", "M9")]
    public void It_follows_exactly_on_its_position()
    {
        var line = One.Open("a", new OpenRequest { WindowMessages = 2 });
        Assert.Equal("1 2", line.Take());
        Move();
        var resumed = Two.Open("a", Resuming(line.Position));
        Assert.Equal(line.Position, resumed.Position);
        Assert.Equal("3", resumed.Read());
        Two.Deliver("a", "4");
        Assert.Equal("4", resumed.Read());
    }

    [Fact, Trait("Rule", "M7")]
    public void It_acknowledges_nothing()
    {
        var line = One.Open("a");
        Assert.Equal("1 2 3", line.Read());
        Move();
        Two.Open("a", Resuming(line.Position));
        Assert.Equal(0, Two.Look("a")!.Acknowledged.Sequence);
        Assert.Equal("1 2 3", Two.Peek("a"));
    }

    [Fact, Trait("Rule", "M7")]
    public void It_gets_what_another_acknowledged_and_is_still_kept()
    {
        var slow = One.Open("a", new OpenRequest { WindowMessages = 1, From = StartFrom.Oldest });
        Assert.Equal("1", slow.Take());
        One.Acknowledge("a", slow.Position with { Sequence = 3 });
        var resumed = One.Open("a", Resuming(slow.Position));
        Assert.Equal("2 3", resumed.Read());
    }

    [Fact, Trait("Rule", "M14")]
    public void It_ends_nobody_whatever_its_conflict_policy()
    {
        var other = One.Open("a");
        foreach (var conflict in new[] { ConflictPolicy.Takeover, ConflictPolicy.Reject, ConflictPolicy.Share })
            Assert.Null(One.Open("a", Resuming(other.Position) with { Conflict = conflict }).Ending);
        Assert.Equal("1 2 3", other.Read());
        Assert.Null(other.Ending);
        Assert.Equal(4, One.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M14")]
    public void It_replaces_what_the_same_client_held_before()
    {
        var before = One.Open("a", new OpenRequest { Client = "tab" });
        One.Open("a", Resuming(before.Position) with { Client = "tab" });
        Assert.Equal(ReadStatus.Ended, before.Reader.TryRead([]));
        Assert.Equal(1, One.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M16")]
    public async Task It_is_no_new_connection_but_leaving_it_is_an_end()
    {
        var line = One.Open("a");
        Move();
        var watch = new Watch(Two.Engine);
        var resumed = Two.Open("a", Resuming(line.Position));
        Assert.Equal("", await watch.HappenedAsync(Two.Engine));
        Two.Close(resumed);
        Two.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("a:Disconnected", await watch.HappenedAsync(Two.Engine));
    }

    [Fact, Trait("Rule", "M15")]
    public void It_holds_the_mailbox()
    {
        One.Set("a", new() { Idle = TimeSpan.FromSeconds(30) });
        var line = One.Open("a");
        Move();
        Two.Open("a", Resuming(line.Position));
        Two.Wait(TimeSpan.FromMinutes(2));
        Assert.Equal(1, Two.Look("a")!.Connections);
    }

    [Fact, Trait("Rule", "M10")]
    public void At_a_mailbox_that_was_made_again_it_is_told_so()
    {
        var line = One.Open("a");
        Assert.Equal("1 2 3", line.Read());
        One.Remove("a");
        One.DeliverAll("a", "new");
        Assert.Equal("[3-0 Epoch] new", One.Open("a", Resuming(line.Position)).Read());
    }

    [Theory, Trait("Rule", "M10")]
    [InlineData(true)]
    [InlineData(false)]
    public void At_a_former_owner_that_knows_less_it_is_refused_and_not_told_a_gap(bool isSameEpoch)
    {
        One.Open("a");
        Two.Acquire("a");
        if (!isSameEpoch) Two.Remove("a");
        var line = Two.Open("a", StartFrom.Oldest);
        Two.Deliver("a", "4");
        Assert.EndsWith("4", line.Read(), StringComparison.Ordinal);
        Assert.Equal(OpenOutcome.Unavailable, One.TryOpen("a", Resuming(line.Position)).Result.Outcome);
        Assert.Equal(Outcome.NotOwner, One.Deliver("a", "x").Outcome);
        Assert.Equal("", Two.Open("a", Resuming(line.Position)).Read());
    }

    static OpenRequest Resuming(Position after) => new() { After = after, Resumes = true };

    void Move()
    {
        One.Release("a");
        Two.Acquire("a");
    }
}
