using System.Diagnostics.Metrics;

namespace Mailbox.Engine;

/// <summary>
/// What an engine counts, as instruments of the meter <c>Mailbox.Orleans</c>; their names are stable. The writer counts into
/// plain fields, and a listener reads them when it wants to: counting costs nothing on the message's way.
/// </summary>
sealed class EngineMeter : IDisposable
{
    public const string Name = "Mailbox.Orleans";

    readonly Meter _meter = new(Name);
    long _connections;

    public EngineMeter(MailboxEngine engine)
    {
        Count("mailbox.messages", "{message}", "Messages accepted: deliveries and group sends.", () => Messages);
        Count("mailbox.entries", "{message}", "Messages put into mailboxes: one for each member of a group send.", () => Entries);
        Count("mailbox.refusals", "{message}", "Messages that a mailbox refused.", () => Refusals);
        Count("mailbox.batches", "{batch}", "Batches committed.", () => Batches);
        Count("mailbox.operations", "{operation}", "Operations answered.", () => Operations);
        Count("mailbox.expired", "{mailbox}", "Mailboxes removed because no reader came.", () => Expired);
        Gauge("mailbox.loaded", "{mailbox}", "Mailboxes in memory.", () => engine.Table.Count);
        Gauge("mailbox.connections", "{connection}", "Connections that hold a mailbox.", () => Volatile.Read(ref _connections));
        Gauge("mailbox.ready", "1", "1 while deliveries are accepted.", () => engine.IsReady ? 1 : 0);
    }

    public long Messages { get; set; }

    public long Entries { get; set; }

    public long Refusals { get; set; }

    public long Batches { get; set; }

    public long Operations { get; set; }

    public long Expired { get; set; }

    public void CountConnection(int change) => Interlocked.Add(ref _connections, change);

    public void Dispose() => _meter.Dispose();

    void Count(string name, string unit, string description, Func<long> read) => _meter.CreateObservableCounter(name, read, unit, description);

    void Gauge(string name, string unit, string description, Func<long> read) => _meter.CreateObservableGauge(name, read, unit, description);
}
