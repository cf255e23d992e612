using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 2: a draft becomes the message that is stored.</summary>
static class Acceptance
{
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

    /// <summary>A message with a time to live of zero has ended when it is accepted (RFC 8030 section 5.2): see <see cref="Message.IsImmediate"/>.</summary>
    static DateTimeOffset ExpiryOf(TimeSpan live, DateTimeOffset now) =>
        ExpiryTick.TimeOf(live == TimeSpan.Zero ? ExpiryTick.Now(now) : ExpiryTick.NotBefore(now + live));
}
