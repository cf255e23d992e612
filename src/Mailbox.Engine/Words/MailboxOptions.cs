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
