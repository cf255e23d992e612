using System.Text;

namespace Mailbox.Engine.Tests;

/// <summary>Events are letters of those who subscribed.</summary>
public sealed class SubscriberTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M16")]
    public void A_subscriber_is_told_in_order_what_happens_to_mailboxes()
    {
        _office.Join("mailbox.events", "mailbox.events:billing");
        _office.Set("a", new() { MaxMessages = 1 });
        _office.DeliverAll("a", "1", "2");
        _office.Remove("a");

        Assert.Equal("a:Opened a:Overflowed a:Deleted", Told("mailbox.events:billing"));
    }

    [Fact, Trait("Rule", "M16")]
    public void Nothing_is_stored_where_nobody_subscribed()
    {
        _office.Deliver("a", "1");
        _office.Join("mailbox.events", "mailbox.events:billing");

        Assert.Equal("", Told("mailbox.events:billing"));
    }

    [Fact, Trait("Rule", "M16")]
    public void What_happens_to_subscribers_themselves_is_not_told()
    {
        _office.Join("mailbox.events", "mailbox.events:billing", "mailbox.events:audit");
        _office.Open("mailbox.events:audit");

        Assert.Equal("", Told("mailbox.events:billing"));
    }

    [Fact, Trait("Rule", "M16")]
    public void What_was_told_survives_a_restart()
    {
        _office.Join("mailbox.events", "mailbox.events:billing");
        _office.Deliver("a", "1");
        _office.Restart();

        Assert.Equal("a:Opened", Told("mailbox.events:billing"));
    }

    [Fact, Trait("Rule", "M16")]
    public void What_was_not_stored_is_not_told()
    {
        _office.Join("mailbox.events", "mailbox.events:billing");
        _office.Store.IsFull = true;
        _office.Deliver("a", "1");
        _office.Store.IsFull = false;

        Assert.Equal("", Told("mailbox.events:billing"));
    }

    string Told(string subscriber)
    {
        var letters = _office.Peek(subscriber).Split(' ', StringSplitOptions.RemoveEmptyEntries);
        return string.Join(' ', letters.SelectMany(static letter => MailboxEvents.Read(Encoding.UTF8.GetBytes(letter)))
            .Select(static happened => $"{happened.Mailbox}:{happened.Kind}"));
    }
}
