namespace Mailbox;

/// <summary>A letter as it was accepted. Immutable and shared by every mailbox it was put into; safe to read from any thread.</summary>
public sealed class Message
{
    /// <summary>The media type of <see cref="Body"/>, as the sender gave it.</summary>
    public required string ContentType { get; init; }

    public required ReadOnlyMemory<byte> Body { get; init; }

    /// <summary>The application's name for the kind of message (<c>Message-Type</c>), or null.</summary>
    public string? Type { get; init; }

    /// <summary>A newer message of the same topic supersedes this one while it was not sent (spec M12), or null.</summary>
    public string? Topic { get; init; }

    /// <summary>The group it was sent to, or null where it was delivered to the mailbox itself.</summary>
    public GroupName? Group { get; init; }

    /// <summary>When it was accepted.</summary>
    public required DateTimeOffset At { get; init; }

    /// <summary>When its time to live ends (in quarters of a second, never early). Not after <see cref="At"/> where that is zero.</summary>
    public required DateTimeOffset Expires { get; init; }

    /// <summary>Its time to live is zero: it is for the connections that hold the mailbox when it is accepted, and for no other (RFC 8030 section 5.2).</summary>
    internal bool IsImmediate => Expires <= At;

    /// <summary>
    /// A place for the transports to keep the encoded form that all receivers share. Two threads may both encode and the last one
    /// stays: the forms are equal.
    /// </summary>
    public object? Encoded { get; set; }
}
