namespace Mailbox.Engine.Tests;

public sealed class GroupTests
{
    readonly Office _office = new();

    [Fact, Trait("Rule", "G2")]
    public void A_group_without_members_stores_nothing_and_does_not_exist()
    {
        Assert.Equal(new SendResult(Outcome.Stored), _office.Send("g", "1"));
        Assert.Null(_office.Members("g"));
        _office.Join("g", "a");
        Assert.Equal("a", _office.Members("g"));
        _office.Leave("g", "a");
        Assert.Null(_office.Members("g"));
        Assert.Equal(0, _office.Send("g", "2").Members);
    }

    [Fact, Trait("Rule", "G2")]
    public void A_group_goes_with_the_last_mailbox_that_is_removed()
    {
        _office.Join("g", "a", "b");
        _office.Remove("a");
        Assert.Equal("b", _office.Members("g"));
        _office.Remove("b");
        Assert.Null(_office.Members("g"));
    }

    [Fact, Trait("Rule", "G2")]
    public void Leaving_a_maintenance_and_joining_in_one_batch_keep_their_order()
    {
        _office.Join("g", "a");
        var leave = _office.Engine.ChangeMembersAsync(Office.Group("g"), [], [Office.Name("a")], TestContext.Current.CancellationToken);
        _office.Engine.Maintain();
        var join = _office.Engine.ChangeMembersAsync(Office.Group("g"), [Office.Name("b")], [], TestContext.Current.CancellationToken);
        var left = _office.Ask(leave);
        Assert.Equal((Outcome.Stored, 0, 1), (left.Outcome, left.Added, left.Removed));
        Assert.Equal(new MembersResult(Outcome.Stored, 1, 0, 1), _office.Ask(join));
        Assert.Equal("b", _office.Members("g"));
    }

    [Fact, Trait("Rule", "G3")]
    public void Adding_twice_is_one_membership_and_the_answer_counts()
    {
        Assert.Equal(new MembersResult(Outcome.Stored, 2, 0, 2), _office.Join("g", "a", "b", "a"));
        Assert.Equal(new MembersResult(Outcome.Stored, 0, 0, 2), _office.Join("g", "a"));
        Assert.Equal(new MembersResult(Outcome.Stored, 0, 1, 1), _office.Leave("g", "a", "c"));
        Assert.Equal(1, _office.Send("g", "1").Stored);
        Assert.Null(_office.Look("c"));
    }

    [Fact, Trait("Rule", "G3")]
    public void Members_are_listed_in_pages_in_ordinal_order()
    {
        _office.Join("g", "b", "a", "C");
        var page = _office.Ask(_office.Engine.GetGroupAsync(Office.Group("g"), null, 2, TestContext.Current.CancellationToken))!;
        Assert.Equal((3, "C a", "a"), (page.Count, string.Join(' ', page.Members), page.Next));
        page = _office.Ask(_office.Engine.GetGroupAsync(Office.Group("g"), page.Next, 2, TestContext.Current.CancellationToken))!;
        Assert.Equal((3, "b", null), (page.Count, string.Join(' ', page.Members), page.Next));
    }

    [Fact, Trait("Rule", "G3")]
    public void A_mailbox_that_was_removed_and_made_again_is_not_a_member()
    {
        _office.Join("g", "a", "b");
        var removal = _office.Engine.RemoveAsync(Office.Name("a"), TestContext.Current.CancellationToken);
        var again = _office.Engine.DeliverAsync(Office.Name("a"), Office.Draft("1"), TestContext.Current.CancellationToken);
        var send = _office.Engine.SendAsync(Office.Group("g"), Office.Draft("2"), cancel: TestContext.Current.CancellationToken);
        _office.Ask(removal);
        _office.Ask(again);
        Assert.Equal(1, _office.Ask(send).Members);
        _office.Restart();
        Assert.Equal("b", _office.Members("g"));
        Assert.Equal("1", _office.Peek("a"));
    }

    [Fact, Trait("Rule", "G3")]
    public void A_change_precedes_every_later_send()
    {
        var join = _office.Engine.ChangeMembersAsync(Office.Group("g"), [Office.Name("a")], [], TestContext.Current.CancellationToken);
        var send = _office.Engine.SendAsync(Office.Group("g"), Office.Draft("1"), cancel: TestContext.Current.CancellationToken);
        _office.Ask(join);
        Assert.Equal(1, _office.Ask(send).Stored);
    }

    [Fact, Trait("Rule", "G4")]
    public void A_send_reaches_every_member_but_the_excepted()
    {
        _office.Join("g", "a", "b", "c");
        var line = _office.Open("c");
        Assert.Equal(new SendResult(Outcome.Stored, 2, 2), _office.Send("g", "1", "b", "nobody"));
        Assert.Equal(("1", "", "1"), (_office.Peek("a"), _office.Peek("b"), line.Read()));
        Assert.Null(_office.Look("nobody"));
    }

    [Fact, Trait("Rule", "G5")]
    public void Sends_have_the_same_order_in_every_member()
    {
        _office.Join("g", "a", "b", "c");
        for (var i = 0; i < 20; i++)
        {
            _office.Send("g", $"{i}");
            if (i == 10) _office.Leave("g", "b");
        }
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 20)), _office.Peek("a"));
        Assert.Equal(_office.Peek("a"), _office.Peek("c"));
        Assert.Equal(string.Join(' ', Enumerable.Range(0, 11)), _office.Peek("b"));
    }

    [Fact, Trait("Rule", "G6")]
    public void A_send_is_one_commit_and_one_record_of_the_body()
    {
        for (var i = 0; i < 50; i++) _office.Join("g", $"m{i}");
        var commits = _office.Store.Commits;
        Assert.Equal(50, _office.Send("g", "1").Stored);
        // Where members are in many partitions: the home's, that of all the others, and the end of the operation.
        Assert.Equal(commits + (_office.Store.Partitions == 1 ? 1 : 3), _office.Store.Commits);
    }

    [Fact, Trait("Rule", "G6")]
    public void A_member_that_refuses_does_not_stop_a_send_and_is_counted()
    {
        _office.Join("g", "a", "b", "c");
        _office.Set("a", new() { MaxMessages = 1, Overflow = OverflowPolicy.Reject });
        _office.Set("b", new() { MaxMessages = 1, Overflow = OverflowPolicy.DropNewest });
        _office.DeliverAll("a", "x");
        _office.DeliverAll("b", "x");
        Assert.Equal(new SendResult(Outcome.Stored, 3, 1, 2), _office.Send("g", "1"));
        Assert.Equal(("x", "x", "1"), (_office.Peek("a"), _office.Peek("b"), _office.Peek("c")));
    }

    [Fact, Trait("Rule", "G7")]
    public void Membership_survives_a_restart()
    {
        _office.Join("g", "a", "b");
        _office.Restart();
        Assert.Equal(2, _office.Send("g", "1").Stored);
        Assert.Equal(["g"], _office.Look("a")!.Groups.Select(group => group.ToString()));
    }

    [Fact, Trait("Rule", "G7")]
    public void Membership_survives_that_members_gave_their_memory_back()
    {
        _office.Join("g", "a", "b");
        _office.Wait(TimeSpan.FromMinutes(10));
        Assert.Equal(2, _office.Send("g", "1").Stored);
        Assert.Equal(("1", "1"), (_office.Peek("a"), _office.Peek("b")));
    }

    [Fact, Trait("Rule", "G9")]
    public void A_send_goes_to_no_mailbox_that_was_due_before_it()
    {
        _office.Set("b", new() { Idle = TimeSpan.FromMinutes(1) });
        _office.Join("g", "a", "b", "c");
        _office.Time.Advance(TimeSpan.FromMinutes(1));
        Assert.Equal(new SendResult(Outcome.Stored, 2, 2), _office.Send("g", "1"));
        Assert.Null(_office.Look("b"));
        Assert.Equal("a c", _office.Members("g"));
    }

    [Fact, Trait("Rule", "G4")]
    public void One_message_for_several_targets_comes_once_into_each_mailbox_and_except_beats_all()
    {
        _office.Join("g", "a", "b", "x");
        _office.Join("h", "b", "c");
        var result = _office.Post(Office.Draft("1"), ["a", "d", "a", "x"], ["g", "h"], "x");
        Assert.Equal([Outcome.Stored, Outcome.Stored, Outcome.Stored, Outcome.Excepted], result.To.Select(one => one.Outcome));
        Assert.Equal(result.To[0].Position, result.To[2].Position);
        Assert.Equal([new(Outcome.Stored, 2, 2), new(Outcome.Stored, 2, 2)], result.Groups);
        foreach (var name in new[] { "a", "b", "c", "d" }) Assert.Equal("1", _office.Peek(name));
        Assert.Equal("", _office.Peek("x"));
    }

    [Fact, Trait("Rule", "G2")]
    public void Removing_a_group_leaves_the_mailboxes()
    {
        _office.Join("g", "a", "b");
        Assert.Equal(Outcome.Stored, _office.Ask(_office.Engine.RemoveGroupAsync(Office.Group("g"), TestContext.Current.CancellationToken)));
        Assert.Equal(Outcome.NotFound, _office.Ask(_office.Engine.RemoveGroupAsync(Office.Group("g"), TestContext.Current.CancellationToken)));
        Assert.Null(_office.Members("g"));
        Assert.Empty(_office.Look("a")!.Groups);
        _office.Restart();
        Assert.Null(_office.Members("g"));
    }

    [Fact, Trait("Rule", "G8")]
    public void A_group_of_100_000_works()
    {
        var names = Enumerable.Range(0, 100_000).Select(i => Office.Name($"m{i}")).ToArray();
        foreach (var part in names.Chunk(10_000)) _office.Ask(_office.Engine.ChangeMembersAsync(Office.Group("g"), part, [], TestContext.Current.CancellationToken));
        Assert.Equal(new SendResult(Outcome.Stored, 100_000, 100_000), _office.Send("g", "1"));
    }
}
