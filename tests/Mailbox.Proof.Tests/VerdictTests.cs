using Xunit;

namespace Mailbox.Proof.Tests;

/// <summary>A proof is worth what it would notice: each promise is broken once, and nothing else.</summary>
public sealed class VerdictTests
{
    readonly Story _story = new();

    [Fact]
    public void What_was_answered_and_read_is_in_order() => Assert.Empty(
        _story.Deliver("a", 1).Join().Send("b", 1).Read("a", 1).Read("b", 2).Call(Story.Mailbox).Verdict());

    [Fact]
    public void A_delivery_that_nobody_reads_is_lost() =>
        Assert.Contains("a, answered at 1.500 s as e.1, is lost", Only(_story.Deliver("a", 1)), StringComparison.Ordinal);

    [Fact]
    public void A_delivery_at_another_position_than_was_answered_is_lost() =>
        Assert.Contains("is lost", Only(_story.Deliver("a", 1).Read("b", 1).Read("a", 2)), StringComparison.Ordinal);

    [Fact]
    public void A_letter_with_two_positions_is_noticed() =>
        Assert.Contains("is there twice", Only(_story.Deliver("a", 1).Read("a", 1).Read("a", 2)), StringComparison.Ordinal);

    [Fact]
    public void A_position_with_two_contents_is_noticed() =>
        Assert.Contains("two contents", Only(_story.Deliver("a", 1).Read("a", 1).Read("b", 1)), StringComparison.Ordinal);

    [Fact]
    public void Half_a_body_is_noticed() => Assert.Contains("no letter", Only(_story.ReadBody("a", 1)), StringComparison.Ordinal);

    [Fact]
    public void A_hole_that_is_not_told_is_noticed() =>
        Assert.Contains("no gap was told", Only(_story.Deliver("a", 1).Deliver("c", 3).Read("a", 1).Read("c", 3)), StringComparison.Ordinal);

    [Fact]
    public void A_gap_that_nothing_explains_is_noticed() =>
        Assert.Contains("because of lost", Only(_story.Deliver("a", 1).Deliver("c", 3).Read("a", 1).BeTold(1, 2, "lost").Read("c", 3)), StringComparison.Ordinal);

    [Fact]
    public void A_delivery_before_one_that_was_answered_earlier_is_out_of_turn() =>
        Assert.Contains("was answered before", Only(_story.Deliver("b", 2).Deliver("a", 1).Read("a", 1).Read("b", 2)), StringComparison.Ordinal);

    [Fact]
    public void A_repeat_at_the_same_position_is_none() => Assert.Empty(_story.Deliver("a", 1).Read("a", 1).Read("a", 1).Verdict());

    [Fact]
    public void A_send_that_a_member_does_not_get_is_lost() =>
        Assert.Contains("b of group0 is lost", Only(_story.Join().Send("b", 1).Call(Story.Mailbox)), StringComparison.Ordinal);

    [Fact]
    public void A_send_that_is_lost_is_told_with_the_changes_of_the_member() => Assert.Contains(
        "leave from 2.000 to 2.500 s over HTTP, attempts: 1; join from 3.000 to 3.500 s", Only(_story.Join().Join(joins: false).Join().Send("b", 1).Call(Story.Mailbox)), StringComparison.Ordinal);

    [Fact]
    public void A_send_that_an_excepted_member_gets_is_noticed() =>
        Assert.Contains("excepted", Only(_story.Join().Send("b", 0, Story.Mailbox).Read("b", 1).Call(Story.Mailbox)), StringComparison.Ordinal);

    [Fact]
    public void A_send_after_a_mailbox_has_left_is_noticed() =>
        Assert.Contains("no member", Only(_story.Join().Join(joins: false).Send("b", 0).Read("b", 1)), StringComparison.Ordinal);

    [Fact]
    public void A_send_after_a_mailbox_was_removed_is_noticed() => Assert.Contains(
        "no member", Only(_story.Join(Story.Mortal).Remove(Story.Mortal).Send("b", 0).Read("b", 1, Story.Mortal)), StringComparison.Ordinal);

    [Fact]
    public void A_send_that_is_counted_wrongly_is_noticed() =>
        Assert.Contains("stored for 2", Only(_story.Join().Send("b", 2).Read("b", 1).Call(Story.Mailbox)), StringComparison.Ordinal);

    [Fact]
    public void Two_orders_of_the_sends_of_a_group_are_noticed() => Assert.Contains("different orders", Only(
        _story.Join().Join("plain1").Send("a", 2).Send("b", 2).Call(Story.Mailbox, "plain1")
            .Read("a", 1).Read("b", 2).Read("b", 1, "plain1").Read("a", 2, "plain1")), StringComparison.Ordinal);

    [Fact]
    public void A_member_that_is_gone_is_noticed() => Assert.Contains("joined and is no member", Only(_story.Join()), StringComparison.Ordinal);

    [Fact]
    public void A_member_that_never_joined_is_noticed() => Assert.Contains("never joined", Only(_story.Call(Story.Mailbox)), StringComparison.Ordinal);

    [Fact]
    public void What_a_removed_mailbox_had_is_no_loss() => Assert.Empty(_story.Deliver("a", 1, Story.Mortal).Remove(Story.Mortal).Verdict());

    static string Only(Story story) => Assert.Single(story.Verdict());
}
