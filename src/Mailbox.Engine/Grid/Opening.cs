namespace Mailbox;

/// <summary>How to open a mailbox. Each property checks its value when it is set.</summary>
public sealed record OpenRequest
{
    const int MaxWindowMessages = 1000;
    const int MaxWindowBytes = 1 << 30;

    /// <summary>What the reader has; acknowledges it (spec M7). One of another epoch or of the future acknowledges nothing.</summary>
    public Position? After
    {
        get;
        init => field = value is not { Sequence: < 0 } ? value : throw new ArgumentException("A sequence is not below 0.", nameof(After));
    }

    /// <summary>Used without <see cref="After"/>.</summary>
    public StartFrom From { get; init; }

    public ConflictPolicy Conflict { get; init; }

    /// <summary>Who opens, as a mailbox name: a client replaces its own former connection (spec M14). Null if it does not say.</summary>
    public string? Client
    {
        get;
        init => field = value is null || IsClient(value) ? value : throw new ArgumentException("A client is named as a mailbox is.", nameof(Client));
    }

    /// <summary>The client came back by itself (it carries <c>Last-Event-ID</c>): refused if it had been told to stay away.</summary>
    public bool Returning { get; init; }

    /// <summary>
    /// The same reader goes on, at <see cref="After"/>, because its mailbox has moved to another process: that acknowledges nothing, ends
    /// nobody and is no new connection (spec M16).
    /// </summary>
    public bool Resumes { get; init; }

    /// <summary>What is written to this reader counts as acknowledged when it is still alive some time later (spec M7): true for streams.</summary>
    public bool AcknowledgesByLiving { get; init; }

    /// <summary>A gap may only come first in what is read at once: for answers that have one place for it (spec section 5, polls).</summary>
    public bool GapsFirst { get; init; }

    /// <summary>The most messages that may be taken and not yet written; 1 to 1,000.</summary>
    public int WindowMessages
    {
        get;
        init => field = value is >= 1 and <= MaxWindowMessages ? value
            : throw new ArgumentOutOfRangeException(nameof(WindowMessages), value, "A window has 1 to 1,000 messages.");
    } = 64;

    /// <summary>The most bytes of bodies that may be taken and not yet written, but always one message; 1 to 1 GiB.</summary>
    public int WindowBytes
    {
        get;
        init => field = value is >= 1 and <= MaxWindowBytes ? value
            : throw new ArgumentOutOfRangeException(nameof(WindowBytes), value, "A window has 1 byte to 1 GiB.");
    } = 256 << 10;

    /// <summary>Sets the mailbox's idle time: 1 s to 30 days; null leaves it.</summary>
    public TimeSpan? Idle
    {
        get;
        init => field = value is null || MessageDraft.IsIdle(value.Value) ? value : throw new ArgumentException("Idle must be 1 second to 30 days.", nameof(Idle));
    }

    public static bool IsClient(string value) => NameRules.IsClient(value);
}

/// <summary>Where a reader without a position begins (spec M8).</summary>
public enum StartFrom : byte
{
    /// <summary>At what was never written to any connection.</summary>
    Unread,

    /// <summary>At the oldest message kept.</summary>
    Oldest,

    /// <summary>After the newest.</summary>
    Now,
}

/// <summary>What an open does when others hold the mailbox (spec M14).</summary>
public enum ConflictPolicy : byte
{
    /// <summary>All get everything.</summary>
    Share,

    /// <summary>The others end and are told.</summary>
    Takeover,

    /// <summary>The new one is refused.</summary>
    Reject,
}

/// <param name="Reader">Not null where the outcome is <see cref="OpenOutcome.Opened"/>.</param>
public readonly record struct OpenResult(OpenOutcome Outcome, IMailboxReader? Reader = null);

public enum OpenOutcome : byte
{
    Opened,

    /// <summary>Somebody holds the mailbox and the policy of this open is to be refused.</summary>
    Conflict,

    /// <summary>This client had been told to stay away.</summary>
    StayAway,

    /// <summary>The store takes no writes, or too much waits for it.</summary>
    Unavailable,

    /// <summary>The grid is shutting down.</summary>
    Stopping,
}
