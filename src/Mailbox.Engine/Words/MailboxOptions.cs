namespace Mailbox;

/// <summary>What one mailbox may hold and how long it lives unread (spec M11, M15).</summary>
/// <param name="Idle">1 s to 30 days.</param>
/// <param name="MaxMessages">1 to 1,000,000 unread messages.</param>
/// <param name="MaxBytes">1 to 1 GiB of unread bodies.</param>
public sealed record MailboxOptions(TimeSpan Idle, OverflowPolicy Overflow, int MaxMessages, long MaxBytes)
{
    public const int MaxMessagesLimit = 1_000_000;
    public const long MaxBytesLimit = 1L << 30;

    public static MailboxOptions Default { get; } = new(TimeSpan.FromDays(1), OverflowPolicy.DropOldest, 1000, 4 << 20);
}

/// <summary>The options of a mailbox to set; null leaves one as it is. Each property checks its value when it is set.</summary>
public sealed record MailboxOptionsChange
{
    public TimeSpan? Idle
    {
        get;
        init => field = value is null || MessageDraft.IsIdle(value.Value) ? value : throw new ArgumentException("Idle must be 1 second to 30 days.", nameof(Idle));
    }

    public OverflowPolicy? Overflow { get; init; }

    public int? MaxMessages
    {
        get;
        init => field = value is null or (>= 1 and <= MailboxOptions.MaxMessagesLimit) ? value
            : throw new ArgumentException("MaxMessages must be 1 to 1,000,000.", nameof(MaxMessages));
    }

    public long? MaxBytes
    {
        get;
        init => field = value is null or (>= 1 and <= MailboxOptions.MaxBytesLimit) ? value
            : throw new ArgumentException("MaxBytes must be 1 byte to 1 GiB.", nameof(MaxBytes));
    }

    internal MailboxOptions ApplyTo(MailboxOptions old) =>
        new(Idle ?? old.Idle, Overflow ?? old.Overflow, MaxMessages ?? old.MaxMessages, MaxBytes ?? old.MaxBytes);
}

/// <summary>What a mailbox at its bounds does with one more message (spec M11).</summary>
public enum OverflowPolicy : byte
{
    DropOldest,
    Reject,
    DropNewest,
}
