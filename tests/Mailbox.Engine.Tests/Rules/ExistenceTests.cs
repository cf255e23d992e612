namespace Mailbox.Engine.Tests;

public sealed class ExistenceTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "M2")]
    public void A_mailbox_that_nobody_used_does_not_exist() => Assert.Null(_office.Look("a"));

    [Fact, Trait("Rule", "M2")]
    public void A_delivery_makes_the_mailbox()
    {
        _office.Deliver("a", "1");
        Assert.NotNull(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M2")]
    public void An_open_makes_the_mailbox()
    {
        _office.Poll("a");
        Assert.NotNull(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M2")]
    public void A_join_makes_the_mailbox()
    {
        _office.Join("g", "a");
        Assert.NotNull(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M2")]
    public void Setting_options_makes_the_mailbox()
    {
        _office.Set("a", new() { MaxMessages = 7 });
        Assert.Equal(7, _office.Look("a")!.Options.MaxMessages);
    }

    [Fact, Trait("Rule", "M2")]
    public void Looking_acknowledging_and_deleting_make_no_mailbox()
    {
        Assert.Equal(AcknowledgeOutcome.NotFound, _office.Acknowledge("a", new(1, 0)));
        Assert.Equal(Outcome.NotFound, _office.Remove("a"));
        Assert.Equal(Outcome.NotFound, _office.Delete("a", new(1, 1)));
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M2")]
    public void A_group_send_makes_no_mailbox()
    {
        _office.Join("g", "a");
        _office.Remove("a");
        _office.Send("g", "1");
        Assert.Null(_office.Look("a"));
    }

    [Fact, Trait("Rule", "M18")]
    public void A_removed_mailbox_is_gone_and_made_again_empty_with_another_epoch()
    {
        var first = _office.Deliver("a", "1").Position;
        Assert.Equal(Outcome.Stored, _office.Remove("a"));
        Assert.Null(_office.Look("a"));
        var second = _office.Deliver("a", "2").Position;
        Assert.NotEqual(first.Epoch, second.Epoch);
        Assert.Equal(1, second.Sequence);
        Assert.Equal("2", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M18")]
    public void Everything_that_follows_a_removal_in_one_batch_finds_the_mailbox_gone()
    {
        var first = _office.Deliver("a", "1").Position;
        var engine = _office.Engine;
        var name = Office.Name("a");
        var removal = engine.RemoveAsync(name, TestContext.Current.CancellationToken);
        var look = engine.GetAsync(name, TestContext.Current.CancellationToken);
        var delivery = engine.DeliverAsync(name, Office.Draft("2"), TestContext.Current.CancellationToken);
        Assert.Equal(Outcome.Stored, _office.Ask(removal));
        Assert.Null(_office.Ask(look));
        Assert.NotEqual(first.Epoch, _office.Ask(delivery).Position.Epoch);
        Assert.Equal("2", _office.Peek("a"));
        _office.Restart();
        Assert.Equal("2", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M18")]
    public void Readers_of_a_removed_mailbox_end_and_are_told()
    {
        var line = _office.Open("a");
        Assert.Equal("", line.Read());
        _office.Remove("a");
        Assert.Equal(1, line.Bell.Rings);
        Assert.Equal(ReadStatus.Ended, line.Reader.TryRead([]));
        Assert.Equal(Ending.Deleted, line.Ending);
    }

    [Fact, Trait("Rule", "M18")]
    public void One_message_is_deleted_without_a_gap()
    {
        _office.DeliverAll("a", "1", "2");
        var third = _office.Deliver("a", "3").Position;
        _office.Deliver("a", "4");
        Assert.Equal(Outcome.Stored, _office.Delete("a", third));
        Assert.Equal(Outcome.NotFound, _office.Delete("a", third));
        Assert.Equal("1 2 4", _office.Poll("a"));
        Assert.Equal("1 2 4", _office.Poll("a", StartFrom.Oldest));
    }

    [Fact, Trait("Rule", "M18")]
    public void A_message_of_another_epoch_is_not_deleted()
    {
        var position = _office.Deliver("a", "1").Position;
        Assert.Equal(Outcome.NotFound, _office.Delete("a", position with { Epoch = position.Epoch + 1 }));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M2")]
    public void Names_are_listed_in_ordinal_order_and_in_pages()
    {
        foreach (var name in new[] { "b", "a", "C" }) _office.Deliver(name, "1");
        Assert.Equal(["C", "a"], _office.Ask(_office.Engine.ListAsync(null, 2, TestContext.Current.CancellationToken)).Select(name => name.ToString()));
        Assert.Equal(["b"], _office.Ask(_office.Engine.ListAsync("a", 2, TestContext.Current.CancellationToken)).Select(name => name.ToString()));
    }
}
