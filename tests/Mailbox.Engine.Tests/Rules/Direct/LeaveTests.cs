namespace Mailbox.Engine.Tests;

/// <summary>Who closes is taken out by the next batch, whatever becomes of that.</summary>
public sealed class LeaveTests
{
    const int ManyOperations = 4096;

    static readonly TimeSpan s_minute = TimeSpan.FromMinutes(1);
    static readonly MailboxName s_a = Office.Name("a");

    readonly Office _office = new();

    [Fact, Trait("Rule", "M15")]
    public void Who_has_closed_is_taken_out_by_the_next_batch_however_long_the_queue_is()
    {
        _office.Open("a").Reader.Close();
        for (var i = 0; i < ManyOperations; i++) _ = _office.Engine.GetAsync(s_a, TestContext.Current.CancellationToken).AsTask();
        Assert.True(_office.Engine.Step());
        Assert.False(_office.Engine.Mailboxes.All.Single().IsHeld);
    }

    [Fact, Trait("Rule", "M15"), Trait("Rule", "M16")]
    public async Task Who_has_closed_is_gone_though_the_batch_failed_before_its_turn()
    {
        _office.Set("a", new() { Idle = s_minute });
        var line = _office.Open("a");
        _office.Wait(s_minute * 2);
        var watch = new Watch(_office.Engine);
        line.Reader.Close();
        Assert.False(Fail());
        Assert.Equal(_office.Time.GetUtcNow() + s_minute, _office.Look("a")!.Expires);
        _office.Wait(s_minute);
        Assert.Equal("a:Disconnected a:Expired", await watch.HappenedAsync(_office.Engine));
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M15")]
    public void A_mailbox_whose_removal_failed_lives_for_its_idle_time_after_the_last_has_closed()
    {
        _office.Set("a", new() { Idle = s_minute });
        var line = _office.Open("a");
        _office.Wait(s_minute * 2);
        _office.Store.HasNoReserve = true;
        line.Reader.Close();
        Assert.Equal(Outcome.StoreFull, _office.Remove("a"));
        _office.Store.HasNoReserve = false;
        Assert.Equal(_office.Time.GetUtcNow() + s_minute, _office.Look("a")?.Expires);
    }

    [Fact, Trait("Rule", "M15")]
    public void A_mailbox_whose_client_could_not_come_back_lives_for_its_idle_time()
    {
        _office.Set("a", new() { Idle = s_minute });
        var first = _office.Deliver("a", "1").Position;
        var line = _office.Open("a", new OpenRequest { Client = "c" });
        _office.Wait(s_minute * 2);
        _office.Store.HasNoReserve = true;
        line.Reader.Close();
        Assert.Equal(OpenOutcome.Unavailable, _office.TryOpen("a", new() { Client = "c", After = first }).Result.Outcome);
        _office.Store.HasNoReserve = false;
        Assert.Equal(_office.Time.GetUtcNow() + s_minute, _office.Look("a")?.Expires);
    }

    [Fact, Trait("Rule", "M14")]
    public void Who_had_closed_was_not_taken_over()
    {
        _office.Open("a", new OpenRequest { Client = "c" }).Reader.Close();
        _office.Open("a", new OpenRequest { Client = "d", Conflict = ConflictPolicy.Takeover });
        Assert.Equal(OpenOutcome.Opened, _office.TryOpen("a", new() { Client = "c" }).Result.Outcome);
    }

    bool Fail() => _office.Ask(_office.Engine.AskAsync(
        new Request<bool>(_office.Engine, default, static (_, _) => throw new InvalidOperationException("A fault in a rule."), static _ => false), CancellationToken.None));
}
