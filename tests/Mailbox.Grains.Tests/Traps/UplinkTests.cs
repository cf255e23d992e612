namespace Mailbox.Grains.Tests;

/// <summary>What a gateway knows of the reports that its silo may not have yet.</summary>
public sealed class UplinkTests
{
    static readonly MailboxName s_a = Grid.Name("a");
    static readonly MailboxName s_b = Grid.Name("b");

    readonly SlowHub _hub = new();
    readonly List<Exception> _faults = [];
    readonly Uplink _uplink;

    public UplinkTests() => _uplink = new(_hub, "gateway", _faults.Add);

    [Fact, Trait("Rule", "M8")]
    public async Task Of_a_mailbox_it_tells_in_order_what_is_on_the_way_and_what_waits()
    {
        _uplink.Enqueue(s_a, Of(1));
        await _hub.CalledAsync(1);
        _uplink.Enqueue(s_b, Of(2));
        _uplink.Enqueue(s_a, Of(3));
        Assert.Equal([Of(1), Of(3)], _uplink.Unconfirmed(s_a));

        _hub.Answer();
        await _hub.CalledAsync(2);
        Assert.Equal([Of(3)], _uplink.Unconfirmed(s_a));

        _hub.Answer();
        await Wait.UntilAsync(() => _uplink.IsQuiet);
        Assert.Empty(_uplink.Unconfirmed(s_a));
        Assert.Equal([[Of(1)], [Of(2), Of(3)]], _hub.Calls);
        Assert.Empty(_faults);
    }

    [Fact, Trait("Rule", "M8")]
    public async Task What_a_silo_did_not_take_is_forgotten_and_later_reports_are_sent()
    {
        _uplink.Enqueue(s_a, Of(1));
        await _hub.CalledAsync(1);
        _uplink.Enqueue(s_a, Of(2));
        _hub.Refuse();
        await Wait.UntilAsync(() => _uplink.IsQuiet);
        Assert.Single(_faults);
        Assert.Empty(_uplink.Unconfirmed(s_a));

        _uplink.Enqueue(s_a, Of(3));
        await _hub.CalledAsync(2);
        Assert.Equal([Of(3)], _uplink.Unconfirmed(s_a));
    }

    static ReaderReport Of(long id) => new(new(id, 1), default, IsClosed: false);
}
