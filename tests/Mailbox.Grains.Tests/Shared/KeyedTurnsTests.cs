namespace Mailbox.Grains.Tests.Shared;

/// <summary>Who repeats a send with a key while it is under way.</summary>
[Trait("Rule", "M13")]
public sealed class KeyedTurnsTests
{
    static readonly SendResult s_stored = new(Outcome.Stored, 3, 3, 0);

    readonly KeyedTurns _turns = new();
    readonly List<TaskCompletionSource<SendResult>> _begun = [];

    [Fact]
    public async Task A_repeat_takes_no_turn_and_gets_the_answer_of_the_first()
    {
        var (first, repeat) = (Ask("x", "key"), Ask("x", "key"));
        Assert.Single(_begun).SetResult(s_stored);
        Assert.Equal([s_stored, s_stored], await Task.WhenAll(first, repeat));
    }

    [Fact]
    public void What_has_no_key_or_another_or_another_body_or_except_takes_a_turn_of_its_own()
    {
        _ = (Ask("x", "key"), Ask("x", "other"), Ask("y", "key"), Ask("x", null), Ask("x", null), Ask("x", "key", "a"));
        Assert.Equal(6, _begun.Count);
    }

    [Fact]
    public void What_has_its_answer_is_asked_for_anew()
    {
        _ = Ask("x", "key");
        _begun[0].SetResult(new(Outcome.StoreFailed));
        _ = Ask("x", "key");
        Assert.Equal(2, _begun.Count);
    }

    Task<SendResult> Ask(string text, string? key, params string[] except)
    {
        var draft = MessageDraft.FromText(text) with { IdempotencyKey = key };
        return _turns.Of(new(draft, [.. except.Select(MailboxName.Parse)]), () =>
        {
            _begun.Add(new());
            return _begun[^1].Task;
        });
    }
}
