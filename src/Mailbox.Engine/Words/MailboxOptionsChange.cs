namespace Mailbox;

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
