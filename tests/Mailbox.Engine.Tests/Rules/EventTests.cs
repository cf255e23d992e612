namespace Mailbox.Engine.Tests;

public sealed class EventTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M16")]
    public async Task A_mailbox_is_opened_connected_disconnected_after_5_seconds_and_expired()
    {
        var watch = new Watch(_office.Engine);
        var line = _office.Open("a", new OpenRequest { Idle = TimeSpan.FromMinutes(1) });
        Assert.Equal("a:Opened a:Connected", await watch.HappenedAsync(_office.Engine));
        _office.Close(line);
        _office.Wait(TimeSpan.FromSeconds(4));
        Assert.Equal("", await watch.HappenedAsync(_office.Engine));
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("a:Disconnected", await watch.HappenedAsync(_office.Engine));
        _office.Wait(TimeSpan.FromMinutes(1));
        Assert.Equal("a:Expired", await watch.HappenedAsync(_office.Engine));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Who_comes_back_within_5_seconds_was_never_gone()
    {
        var watch = new Watch(_office.Engine);
        var line = _office.Open("a");
        _office.Close(line);
        _office.Wait(TimeSpan.FromSeconds(4));
        line = _office.Open("a");
        _office.Close(line);
        _office.Wait(TimeSpan.FromSeconds(4));
        Assert.Equal("a:Opened a:Connected", await watch.HappenedAsync(_office.Engine));
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("a:Disconnected", await watch.HappenedAsync(_office.Engine));
        _office.Open("a");
        Assert.Equal("a:Connected", await watch.HappenedAsync(_office.Engine));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task A_second_connection_is_no_event()
    {
        var watch = new Watch(_office.Engine);
        var line = _office.Open("a");
        _office.Open("a");
        _office.Close(line);
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal("a:Opened a:Connected", await watch.HappenedAsync(_office.Engine));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Unread_messages_that_were_pushed_out_and_a_removal_are_told()
    {
        var watch = new Watch(_office.Engine);
        _office.Set("a", new() { MaxMessages = 1 });
        _office.DeliverAll("a", "1", "2");
        _office.Poll("a");
        _office.Deliver("a", "3");
        _office.Remove("a");
        Assert.Equal("a:Opened a:Overflowed a:Deleted", await watch.HappenedAsync(_office.Engine));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task What_was_not_stored_is_no_event()
    {
        var watch = new Watch(_office.Engine);
        _office.Store.IsFull = true;
        _office.Deliver("a", "1");
        Assert.Equal("", await watch.HappenedAsync(_office.Engine));
        _office.Open("a");
        Assert.Equal("a:Opened a:Connected", await watch.HappenedAsync(_office.Engine));
    }

    [Fact, Trait("Rule", "M16")]
    public async Task Disconnected_is_told_once_there_is_room()
    {
        var line = _office.Open("a");
        var watch = new Watch(_office.Engine);
        _office.Deliver("a", "1");
        line.Read();
        _office.Close(line);
        _office.Store.HasNoReserve = true;
        _office.Wait(TimeSpan.FromSeconds(10));
        _office.Store.HasNoReserve = false;
        _office.Wait(TimeSpan.FromSeconds(2));
        Assert.Equal("a:Disconnected", await watch.HappenedAsync(_office.Engine));
    }
}
