using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 2: a draft becomes the message that is stored.</summary>
static class Acceptance
{
    static readonly TimeSpan s_shortestLife = TimeSpan.FromSeconds(1);

    public static Message Accept(MessageDraft draft, GroupName? group, DateTimeOffset now, EngineOptions options) => new()
    {
        Body = draft.Body,
        ContentType = draft.ContentType,
        Type = draft.Type,
        Topic = draft.Topic,
        Group = group,
        At = now,
        Expires = ExpiryOf(draft.TimeToLive ?? options.TimeToLive, now),
    };

    /// <summary>Even one that may not wait (RFC 8030 section 5.2) lives until who is connected has it.</summary>
    static DateTimeOffset ExpiryOf(TimeSpan live, DateTimeOffset now) =>
        ExpiryTick.TimeOf(ExpiryTick.NotBefore(now + (live > s_shortestLife ? live : s_shortestLife)));
}
