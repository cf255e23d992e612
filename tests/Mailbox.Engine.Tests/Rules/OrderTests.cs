using System.Globalization;

namespace Mailbox.Engine.Tests;

public sealed class OrderTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M3")]
    public void Messages_take_the_next_number_from_1_and_are_read_in_that_order()
    {
        var numbers = Enumerable.Range(1, 5).Select(i => _office.Deliver("a", $"{i}").Position.Sequence).ToArray();
        Assert.Equal([1, 2, 3, 4, 5], numbers);
        Assert.Equal("1 2 3 4 5", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M3")]
    public void Deliveries_and_sends_share_one_order()
    {
        _office.Join("g", "a");
        _office.Deliver("a", "1");
        _office.Send("g", "2");
        _office.Deliver("a", "3");
        Assert.Equal("1 2 3", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M3")]
    public void Deliveries_of_one_batch_keep_the_order_in_which_they_came()
    {
        var name = Office.Name("a");
        var pending = Enumerable.Range(1, 100).Select(i => _office.Engine.DeliverAsync(name, Office.Draft($"{i}"))).ToArray();
        Assert.Equal(Enumerable.Range(1, 100), pending.Select(one => (int)_office.Ask(one).Position.Sequence));
        Assert.Equal(string.Join(' ', Enumerable.Range(1, 100)), _office.Poll("a"));
        Assert.Equal(1, _office.Store.Commits);
    }

    [Fact, Trait("Rule", "M3")]
    public void A_number_whose_message_is_gone_is_not_given_out_again()
    {
        _office.Delete("a", _office.Deliver("a", "1").Position);
        Assert.Equal(2, _office.Deliver("a", "2").Position.Sequence);
        _office.Acknowledge("a", _office.Deliver("a", "3").Position);
        Assert.Equal(4, _office.Deliver("a", "4").Position.Sequence);
    }

    [Fact, Trait("Rule", "M4")]
    public void The_epoch_survives_a_restart_and_the_numbers_go_on()
    {
        var before = _office.Deliver("a", "1").Position;
        _office.Restart();
        Assert.Equal(before with { Sequence = 2 }, _office.Deliver("a", "2").Position);
        Assert.Equal("1 2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M4")]
    public void The_epoch_survives_that_the_mailbox_gave_its_memory_back()
    {
        var before = _office.Deliver("a", "1").Position;
        _office.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal(0, _office.Engine.Mailboxes.Count);
        Assert.Equal(before with { Sequence = 2 }, _office.Deliver("a", "2").Position);
        Assert.Equal("1 2", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M4")]
    public void A_position_has_a_text_form_that_is_read_back()
    {
        var position = new Position(0xABCDEF, 42);
        Assert.Equal("abcdef.42", position.ToString());
        Assert.True(Position.TryParse("abcdef.42", out var read));
        Assert.Equal(position, read);
        foreach (var wrong in new[] { "", ".", "1", "1.", ".1", "x.1", "1.-1", "1.1.1", "12345678901234567.1", "1.9223372036854775808", "1.2\0", "1\0.2", "1.+2", " 1.2", "1.2 ", "1.\u0662", "0x1.2" })
            Assert.False(Position.TryParse(wrong, out _), wrong);
    }

    [Fact, Trait("Rule", "M9")]
    public void A_reader_tells_its_position_from_the_beginning()
    {
        _office.DeliverAll("a", "1", "2");
        var line = _office.Open("a", StartFrom.Now);
        Assert.Equal(2, line.Position.Sequence);
        var last = _office.Deliver("a", "3").Position;
        Assert.Equal("3", line.Read());
        Assert.Equal(last, line.Position);
    }

    [Fact, Trait("Rule", "M9")]
    public void What_is_delivered_while_a_reader_replays_comes_once_and_in_order()
    {
        _office.DeliverAll("a", "1", "2", "3");
        var line = _office.Open("a", new OpenRequest { WindowMessages = 2 });
        Assert.Equal("1 2", line.Take());
        _office.Deliver("a", "4");
        line.Written();
        Assert.Equal("3 4", line.Read());
        _office.Deliver("a", "5");
        Assert.Equal("5", line.Read());
    }

    [Fact, Trait("Rule", "M9")]
    public void A_reader_sees_nothing_that_is_not_stored()
    {
        var line = _office.Open("a");
        var seen = "nothing";
        _office.Store.Committing = () => seen = line.Read();
        _office.Deliver("a", "1");
        _office.Store.Committing = null;
        Assert.Equal("", seen);
        Assert.Equal("1", line.Read());
    }

    [Fact, Trait("Rule", "M9")]
    public void A_waiting_reader_is_told_once_until_it_has_read_everything()
    {
        var line = _office.Open("a");
        Assert.Equal("", line.Read());
        _office.DeliverAll("a", "1", "2");
        Assert.Equal(1, line.Bell.Rings);
        Assert.Equal("1 2", line.Read());
        _office.Deliver("a", "3");
        Assert.Equal(2, line.Bell.Rings);
    }

    [Fact, Trait("Rule", "M9")]
    public void A_reader_that_was_not_told_that_it_is_empty_is_not_called()
    {
        var line = _office.Open("a");
        _office.Deliver("a", "1");
        Assert.Equal(ReadStatus.Read, line.Reader.TryRead([]));
        _office.Deliver("a", "2");
        Assert.Equal(0, line.Bell.Rings);
        Assert.Equal("2", line.Read());
    }

    [Fact, Trait("Rule", "M3")]
    public void A_message_carries_what_it_was_sent_with()
    {
        _office.Join("g", "a");
        _office.Send("g", Office.Draft("1") with { ContentType = "text/plain", Type = "greeting", Topic = "t" });
        var message = _office.Open("a").ReadAll(write: true)[0].Message!;
        Assert.Equal(("text/plain", "greeting", "t", "g"), (message.ContentType, message.Type, message.Topic, message.Group.ToString()));
        Assert.Equal("2026-01-01", message.At.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture));
    }
}
