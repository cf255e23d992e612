namespace Mailbox.Engine.Tests;

public sealed class WindowTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M17")]
    public void A_reader_takes_64_messages_before_it_has_written_them()
    {
        for (var i = 0; i < 100; i++) _office.Deliver("a", "x");
        var line = _office.Open("a");
        Assert.Equal(64, line.ReadAll(write: false).Count);
        line.Written();
        Assert.Equal(36, line.ReadAll(write: false).Count);
    }

    [Fact, Trait("Rule", "M17")]
    public void A_reader_takes_256_KiB_before_it_has_written_them()
    {
        for (var i = 0; i < 5; i++) _office.Deliver("a", Office.Draft(100 << 10));
        var line = _office.Open("a");
        Assert.Equal(2, line.ReadAll(write: false).Count);
    }

    [Fact, Trait("Rule", "M17")]
    public void A_reader_always_gets_one_message()
    {
        _office.Deliver("a", Office.Draft(1 << 20));
        _office.Deliver("a", "x");
        var line = _office.Open("a");
        Assert.Single(line.ReadAll(write: false));
        line.Written();
        Assert.Equal("x", line.Read());
    }

    [Fact, Trait("Rule", "M17")]
    public void A_full_window_still_tells_gaps_in_order()
    {
        _office.DeliverAll("a", "1");
        _office.Deliver("a", Office.Draft("2") with { TimeToLive = TimeSpan.FromSeconds(2) });
        _office.DeliverAll("a", "3");
        _office.Wait(TimeSpan.FromSeconds(5));
        var line = _office.Open("a", new OpenRequest { WindowMessages = 1 });
        Assert.Equal("1", line.Take());
        line.Written();
        Assert.Equal("[2-2 Ttl] 3", line.Read());
    }

    [Fact, Trait("Rule", "M17")]
    public void A_slow_reader_delays_no_other_on_the_same_mailbox()
    {
        var (slow, fast) = (_office.Open("a", new OpenRequest { WindowMessages = 1 }), _office.Open("a"));
        for (var i = 0; i < 300; i++)
        {
            _office.Deliver("a", $"{i}");
            slow.Take();
            Assert.Equal($"{i}", fast.Read());
        }
        Assert.Equal(300, slow.ReadAll(write: true).Count + 1);
    }

    [Fact, Trait("Rule", "M17")]
    public void The_bodies_that_wait_for_a_slow_reader_wait_in_the_store()
    {
        var slow = _office.Open("a", new OpenRequest { WindowMessages = 1 });
        slow.Take();
        for (var i = 0; i < 300; i++) _office.Deliver("a", "x");
        var live = _office.Engine.Mailboxes.All.Single();
        var inMemory = 0;
        foreach (ref readonly var entry in live.State.Entries)
            if (entry.Body.Hot is not null) inMemory++;
        Assert.InRange(inMemory, 1, 64);
        Assert.Equal(300, slow.ReadAll(write: true).Count);
    }

    [Fact, Trait("Rule", "M17")]
    public void A_slow_reader_reads_on_from_the_store_while_the_bounds_push_messages_out()
    {
        _office.Set("a", new() { MaxMessages = 100 });
        var slow = _office.Open("a", new OpenRequest { WindowMessages = 1 });
        _office.Deliver("a", "0");
        Assert.Equal("0", slow.Take());
        for (var i = 1; i <= 150; i++) _office.Deliver("a", $"{i}");
        slow.Written();
        Assert.StartsWith("[2-51 Overflow] 51 52", slow.Read(), StringComparison.Ordinal);
    }
}
