namespace Mailbox.Engine.Tests;

public sealed class KeyTests
{
    readonly Office _office = new();

    static MessageDraft Keyed(string key, string body) => Office.Draft(body) with { IdempotencyKey = key };

    [Fact, Trait("Rule", "M13")]
    public void The_same_key_stores_once_and_answers_as_the_first_did()
    {
        var first = _office.Deliver("a", Keyed("k", "1"));
        _office.Open("a");
        _office.Wait(TimeSpan.FromMinutes(9));
        Assert.Equal(first, _office.Deliver("a", Keyed("k", "1")));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void The_same_key_with_another_message_is_refused()
    {
        _office.Deliver("a", Keyed("k", "1"));
        Assert.Equal(Outcome.KeyReused, _office.Deliver("a", Keyed("k", "2")).Outcome);
        MessageDraft[] others =
        [
            Keyed("k", "1") with { Topic = "t" },
            Keyed("k", "1") with { Type = "t" },
            Keyed("k", "1") with { ContentType = "text/plain" },
            Keyed("k", "1") with { TimeToLive = TimeSpan.FromDays(1) },
            Keyed("k", "1") with { Durability = Durability.Process },
            Keyed("k", "1") with { Idle = TimeSpan.FromDays(1) },
        ];
        foreach (var other in others) Assert.Equal(Outcome.KeyReused, _office.Deliver("a", other).Outcome);
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void The_second_of_two_in_one_batch_waits_for_the_first()
    {
        var first = _office.Engine.DeliverAsync(Office.Name("a"), Keyed("k", "1"), TestContext.Current.CancellationToken);
        var same = _office.Engine.DeliverAsync(Office.Name("a"), Keyed("k", "1"), TestContext.Current.CancellationToken);
        var other = _office.Engine.DeliverAsync(Office.Name("a"), Keyed("k", "2"), TestContext.Current.CancellationToken);
        var stored = _office.Ask(first);
        Assert.Equal(stored, _office.Ask(same));
        Assert.Equal(Outcome.KeyReused, _office.Ask(other).Outcome);
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_is_remembered_after_the_message_was_acknowledged_deleted_or_has_ended()
    {
        var first = _office.Deliver("a", Keyed("k", "1"));
        _office.Acknowledge("a", first.Position);
        Assert.Equal(first, _office.Deliver("a", Keyed("k", "1")));
        var second = _office.Deliver("a", Keyed("l", "2"));
        _office.Delete("a", second.Position);
        Assert.Equal(second, _office.Deliver("a", Keyed("l", "2")));
        var brief = Keyed("m", "3") with { TimeToLive = TimeSpan.FromSeconds(5) };
        var third = _office.Deliver("a", brief);
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(third, _office.Deliver("a", brief));
    }

    [Theory, Trait("Rule", "M13"), Trait("Rule", "M15")]
    [InlineData(Durability.Disk)]
    [InlineData(Durability.Memory)]
    public void A_key_goes_with_its_mailbox(Durability level)
    {
        var draft = Keyed("k", "1") with { Durability = level };
        var first = _office.Deliver("a", draft);
        _office.Wait(TimeSpan.FromMinutes(5));
        _office.Remove("a");
        var again = _office.Deliver("a", draft);
        Assert.Equal((Outcome.Stored, 1), (again.Outcome, again.Position.Sequence));
        Assert.NotEqual(first.Position.Epoch, again.Position.Epoch);
        _office.Wait(TimeSpan.FromMinutes(8));
        Assert.Equal(Outcome.Stored, _office.Deliver("a", Keyed("l", "2") with { Durability = level }).Outcome);
        Assert.Equal(again, _office.Deliver("a", draft));
        Assert.Equal(Outcome.KeyReused, _office.Deliver("a", Keyed("k", "2") with { Durability = level }).Outcome);
        Assert.Equal("1 2", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_that_was_used_in_memory_for_a_removed_mailbox_does_not_hide_its_durable_use()
    {
        _office.Deliver("a", Keyed("k", "1") with { Durability = Durability.Memory });
        _office.Remove("a");
        var stored = _office.Deliver("a", Keyed("k", "1"));
        Assert.Equal(stored, _office.Deliver("a", Keyed("k", "1")));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13"), Trait("Rule", "M15")]
    public void A_key_goes_with_a_mailbox_whose_time_has_ended()
    {
        _office.Deliver("a", Keyed("k", "1") with { Idle = TimeSpan.FromSeconds(5) });
        _office.Wait(TimeSpan.FromSeconds(10));
        Assert.Equal(Outcome.Stored, _office.Deliver("a", Keyed("k", "2")).Outcome);
        Assert.Equal("2", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void A_send_that_leaves_others_out_is_another_one()
    {
        _office.Join("g", "a", "b");
        var first = _office.Send("g", Keyed("k", "1"), "a", "x");
        Assert.Equal(first, _office.Send("g", Keyed("k", "1"), "x", "a", "x"));
        Assert.Equal(Outcome.KeyReused, _office.Send("g", Keyed("k", "1"), "b").Outcome);
        Assert.Equal(Outcome.KeyReused, _office.Send("g", Keyed("k", "1")).Outcome);
        Assert.Equal(Outcome.KeyReused, _office.Post(Keyed("k", "1"), [], ["g"], "b").Groups[0].Outcome);
        Assert.Equal(("", "1"), (_office.Peek("a"), _office.Peek("b")));
    }

    [Fact, Trait("Rule", "M13")]
    public void Whom_a_post_leaves_out_is_nothing_to_those_it_reaches()
    {
        var first = _office.Post(Keyed("k", "1"), ["a", "b"], [], "b").To;
        var again = _office.Post(Keyed("k", "1"), ["a", "b"], []).To;
        Assert.Equal((first[0], Outcome.Excepted, Outcome.Stored), (again[0], first[1].Outcome, again[1].Outcome));
        Assert.Equal(("1", "1"), (_office.Peek("a"), _office.Peek("b")));
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_is_remembered_after_a_crash()
    {
        var first = _office.Deliver("a", Keyed("k", "1"));
        _office.Restart();
        Assert.Equal(first, _office.Deliver("a", Keyed("k", "1")));
        Assert.Equal("1", _office.Poll("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_is_forgotten_after_10_minutes()
    {
        _office.Deliver("a", Keyed("k", "1"));
        _office.Wait(TimeSpan.FromMinutes(10) + TimeSpan.FromSeconds(1));
        Assert.Equal(2, _office.Deliver("a", Keyed("k", "1")).Position.Sequence);
    }

    [Fact, Trait("Rule", "M13")]
    public void The_scope_of_a_key_is_the_mailbox_or_the_group()
    {
        _office.Join("a", "a");
        _office.Deliver("a", Keyed("k", "1"));
        _office.Deliver("b", Keyed("k", "2"));
        Assert.Equal(1, _office.Send("a", Keyed("k", "3")).Stored);
        Assert.Equal("1 3", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "M13")]
    public void A_send_is_remembered_too()
    {
        _office.Join("g", "a", "b");
        var first = _office.Send("g", Keyed("k", "1"));
        _office.Join("g", "c");
        Assert.Equal(first, _office.Send("g", Keyed("k", "1")));
        Assert.Equal(Outcome.KeyReused, _office.Send("g", Keyed("k", "2")).Outcome);
        Assert.Equal(("1", ""), (_office.Peek("a"), _office.Peek("c")));
    }

    [Fact, Trait("Rule", "M13")]
    public void Only_stored_outcomes_are_remembered()
    {
        _office.Set("a", new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject });
        var first = _office.Deliver("a", "1").Position;
        Assert.Equal(Outcome.MailboxFull, _office.Deliver("a", Keyed("k", "2")).Outcome);
        _office.Acknowledge("a", first);
        Assert.Equal(Outcome.Stored, _office.Deliver("a", Keyed("k", "2")).Outcome);
        Assert.Equal(0, _office.Send("g", Keyed("k", "3")).Members);
        _office.Join("g", "b");
        Assert.Equal(1, _office.Send("g", Keyed("k", "3")).Stored);
    }

    [Fact, Trait("Rule", "M13")]
    public void A_key_of_a_message_in_memory_is_as_durable_as_the_message()
    {
        var draft = Keyed("k", "1") with { Durability = Durability.Memory };
        var first = _office.Deliver("a", draft);
        Assert.Equal(first, _office.Deliver("a", draft));
        _office.Restart();
        Assert.NotEqual(first, _office.Deliver("a", draft));
    }

    [Theory, Trait("Rule", "M13")]
    [InlineData(Durability.Disk)]
    [InlineData(Durability.Memory)]
    public void Beyond_the_bound_new_keys_are_refused_until_old_ones_end(Durability level)
    {
        var office = new Office(new() { MaxKeys = 2 });
        MessageDraft Draft(string key) => Keyed(key, key) with { Durability = level };
        var first = office.Deliver("a", Draft("1"));
        office.Deliver("a", Draft("2"));
        Assert.Equal(Outcome.TooManyKeys, office.Deliver("a", Draft("3")).Outcome);
        Assert.Equal(first, office.Deliver("a", Draft("1")));
        Assert.Equal(Outcome.Stored, office.Deliver("a", "without").Outcome);
        office.Time.Advance(TimeSpan.FromMinutes(11));
        Assert.Equal(Outcome.Stored, office.Deliver("a", Draft("3")).Outcome);
    }
}
