namespace Mailbox.Grains;

/// <summary>A gateway opens a mailbox for one of its connections.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.AttachRequest")]
public sealed class AttachRequest
{
    /// <summary>Unique for each start of a gateway: its silo's address.</summary>
    [Id(0)]
    public required string Gateway { get; init; }

    [Id(1)]
    internal IGatewayLink Link { get; init; } = null!;

    [Id(2)]
    public required AttachmentKey Key { get; init; }

    [Id(3)]
    public required OpenRequest Open { get; init; }

    /// <summary>False for a poll: it gets the page that is in the answer and is pushed nothing.</summary>
    [Id(4)]
    public required bool IsHeld { get; init; }

    /// <summary>
    /// What the gateway has reported of the mailbox's readers and the silo may not have yet: what was written is not unread, and who has
    /// left is not there.
    /// </summary>
    [Id(5)]
    internal ReaderReport[] Reports { get; init; } = [];
}
