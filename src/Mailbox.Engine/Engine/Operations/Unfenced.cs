using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>What is left of an answer where another owner has taken some of the mailboxes: nothing of theirs was stored.</summary>
static class Unfenced
{
    /// <param name="sent">The targets of each group's send; null where nothing was sent now.</param>
    public static PostResult Of(PostResult planned, PostRequest post, Target[]?[] sent, HashSet<MailboxHandle> fenced)
    {
        var names = fenced.Select(handle => handle.Name).ToHashSet();
        return new(
            [.. planned.To.Select((result, i) => names.Contains(post.To[i]) && result.Outcome == Outcome.Stored ? new(Outcome.StoreFailed) : result)],
            [.. planned.Groups.Select((result, i) => Of(result, sent[i], fenced))]);
    }

    static SendResult Of(SendResult planned, Target[]? targets, HashSet<MailboxHandle> fenced)
    {
        var lost = targets?.Count(target => target.Mailbox is not null && fenced.Contains(target.Mailbox)) ?? 0;
        return planned with { Stored = planned.Stored - lost, Refused = planned.Refused + lost };
    }
}
