namespace Mailbox.GridLoad;

/// <summary>What the command line says.</summary>
sealed class LoadOptions
{
    /// <summary>Ports of silos for clients.</summary>
    public string Ports { get; set; } = "30000";

    public int Mailboxes { get; set; } = 1000;

    /// <summary>Deliveries in one call.</summary>
    public int Batch { get; set; } = 1;

    /// <summary>Calls under way at once.</summary>
    public int Callers { get; set; } = 64;

    public int Seconds { get; set; } = 10;

    public int Bytes { get; set; } = 256;

    /// <summary>Whether deliveries are given idempotency keys.</summary>
    public bool Keys { get; set; }
}
