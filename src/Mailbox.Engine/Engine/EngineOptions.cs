namespace Mailbox.Engine;

/// <summary>What an engine allows and how long it remembers. The defaults are the specification's.</summary>
public sealed class EngineOptions
{
    /// <summary>Of a delivery that asks for none.</summary>
    public Durability Durability { get; set; } = Durability.Disk;

    /// <summary>Of a message that says none; 1 s to 30 days.</summary>
    public TimeSpan TimeToLive { get; set; } = TimeSpan.FromDays(1);

    /// <summary>The largest body, in bytes; 1 to 256 MiB.</summary>
    public int MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>Of a mailbox that was told nothing else.</summary>
    public MailboxOptions Mailbox { get; set; } = MailboxOptions.Default;

    /// <summary>How long an idempotency key is remembered; 1 s to 1 day.</summary>
    public TimeSpan KeyMemory { get; set; } = TimeSpan.FromMinutes(10);

    /// <summary>How many keys are remembered before new ones are refused; about 100 bytes each.</summary>
    public int MaxKeys { get; set; } = 1_000_000;

    /// <summary>What was written to a stream counts as acknowledged when the stream lives this much later (spec M7).</summary>
    public TimeSpan AcknowledgeAfter { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>A reader that comes back sooner was never gone (spec M16).</summary>
    public TimeSpan DisconnectedAfter { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A mailbox that nobody used this long gives its memory back; it has no other effect.</summary>
    public TimeSpan CollectAfter { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>How often marks are written, the overdue removed and the idle collected; 100 ms to 2 s.</summary>
    public TimeSpan MaintainEvery { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Bodies that may wait for the store before deliveries are refused, in bytes.</summary>
    public long MaxQueuedBytes { get; set; } = 64 << 20;

    /// <summary>True where every mailbox of the store is this engine's; false where <see cref="MailboxEngine.AcquireAsync"/> gives them to it.</summary>
    public bool OwnsAll { get; set; } = true;
}
