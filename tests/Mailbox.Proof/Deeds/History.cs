using System.Collections.Concurrent;

namespace Mailbox.Proof.Deeds;

/// <summary>All that backends asked for. Thread-safe.</summary>
sealed class History
{
    public ConcurrentQueue<Delivery> Deliveries { get; } = new();

    public ConcurrentQueue<GroupSend> Sends { get; } = new();

    public ConcurrentQueue<Membership> Memberships { get; } = new();

    public ConcurrentQueue<Removal> Removals { get; } = new();

    public IEnumerable<Deed> All => [.. Deliveries, .. Sends, .. Memberships, .. Removals];
}
