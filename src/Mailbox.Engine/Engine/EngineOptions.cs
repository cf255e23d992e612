using System.ComponentModel.DataAnnotations;

namespace Mailbox.Engine;

/// <summary>
/// What an engine allows and how long it remembers. The defaults are the specification's; the ranges are checked when the engine starts.
/// </summary>
public sealed class EngineOptions
{
    /// <summary>Of a delivery that asks for none.</summary>
    [EnumDataType(typeof(Durability))]
    public Durability Durability { get; set; } = Durability.Disk;

    /// <summary>Of a message that says none.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The largest body, in bytes.</summary>
    [Range(1, 64 << 20)]
    public int MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>How long a mailbox lives unread, where it was told nothing else (spec M15).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan Idle { get; set; } = MailboxOptions.Default.Idle;

    /// <summary>The same for mailboxes of anonymous visitors (spec M15).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "30.00:00:00")]
    public TimeSpan VisitorIdle { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>What a mailbox at its bounds does, where it was told nothing else (spec M11).</summary>
    [EnumDataType(typeof(OverflowPolicy))]
    public OverflowPolicy Overflow { get; set; }

    /// <summary>Unread messages that a mailbox holds, where it was told nothing else.</summary>
    [Range(1, MailboxOptions.MaxMessagesLimit)]
    public int MaxMessages { get; set; } = MailboxOptions.Default.MaxMessages;

    /// <summary>Bytes of unread bodies that a mailbox holds, where it was told nothing else.</summary>
    [Range(1, MailboxOptions.MaxBytesLimit)]
    public long MaxBytes { get; set; } = MailboxOptions.Default.MaxBytes;

    /// <summary>How long an idempotency key is remembered.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan KeyMemory { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many keys are remembered before new ones are refused; about 100 bytes each.</summary>
    [Range(1, 100_000_000)]
    public int MaxKeys { get; set; } = 1_000_000;

    /// <summary>What was written to a stream counts as acknowledged when the stream lives this much later (spec M7).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "01:00:00")]
    public TimeSpan AcknowledgeAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>A reader that comes back sooner was never gone (spec M16).</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan DisconnectedAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A mailbox that nobody used this long gives its memory back; it has no other effect.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "1.00:00:00")]
    public TimeSpan CollectAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often marks are written, the overdue removed and the idle collected.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:00:02")]
    public TimeSpan MaintainEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bodies that may wait for the store before deliveries are refused, in bytes.</summary>
    [Range(1 << 20, 1 << 30)]
    public long MaxQueuedBytes { get; set; } = 64 << 20;

    /// <summary>A snapshot of a partition is written after so many bytes of frames, or as many as its last snapshot had; it bounds the time to load it.</summary>
    internal long SnapshotBytes { get; set; } = 64 << 20;

    /// <summary>Bodies are compacted where less than this share of a container is in use: above 0, below 0.75 (the share is an estimate).</summary>
    internal double CompactBelow { get; set; } = 0.5;

    /// <summary>How many mailboxes a snapshot takes in one turn of the writer.</summary>
    internal int SnapshotSlice { get; set; } = 512;

    internal MailboxOptions Mailbox
    {
        get => new(Idle, Overflow, MaxMessages, MaxBytes);
        set => (Idle, Overflow, MaxMessages, MaxBytes) = value;
    }
}
