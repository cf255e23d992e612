using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>The members of a group send that one silo is to store.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.SendPart")]
sealed class SendPart(long send, Message message, SendMember[] members)
{
    /// <summary>As <see cref="OpenSend.Id"/>.</summary>
    [Id(0)]
    public long Send { get; } = send;

    [Id(1)]
    public Message Message { get; } = message;

    [Id(2)]
    public SendMember[] Members { get; } = members;

    /// <summary>As <see cref="OpenSend.Idle"/>.</summary>
    [Id(3)]
    public TimeSpan? Idle { get; init; }
}
