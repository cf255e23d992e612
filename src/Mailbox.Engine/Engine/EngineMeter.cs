using System.Diagnostics.Metrics;

namespace Mailbox.Engine;

/// <summary>
/// What an engine counts, as instruments of the meter <c>Mailbox.Engine</c>; their names are stable (docs/protocol.md, "Metrics"). The writer counts into
/// plain fields, which an exporter reads when it collects: a message costs the same whether somebody exports or not.
/// </summary>
sealed class EngineMeter : IDisposable
{
    const string Name = "Mailbox.Engine";

    readonly Meter _meter;
    long _connections;

    /// <param name="meters">Null for an engine without a host.</param>
    public EngineMeter(MailboxEngine engine, IMeterFactory? meters)
    {
        _meter = meters?.Create(Name) ?? new(Name);
        Count("mailbox.messages", "{message}", "Messages accepted: deliveries and group sends.", () => Messages);
        Count("mailbox.entries", "{message}", "Messages put into mailboxes: one for each member of a group send.", () => Entries);
        Count("mailbox.refusals", "{message}", "Messages that a mailbox refused.", () => Refusals);
        Count("mailbox.batches", "{batch}", "Batches committed.", () => Batches);
        Count("mailbox.operations", "{operation}", "Operations answered.", () => Operations);
        Count("mailbox.expired", "{mailbox}", "Mailboxes removed because no reader came.", () => Expired);
        Level("mailbox.loaded", "{mailbox}", "Mailboxes in memory.", () => engine.Mailboxes.Count);
        Level("mailbox.connections", "{connection}", "Connections that hold a mailbox.", () => Volatile.Read(ref _connections));
        _meter.CreateObservableGauge("mailbox.ready", () => engine.IsReady ? 1L : 0, "{engine}", "1 while the store takes deliveries.");
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

    void Level(string name, string unit, string description, Func<long> read) => _meter.CreateObservableUpDownCounter(name, read, unit, description);
}
