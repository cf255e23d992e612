using System.Diagnostics.Metrics;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// The gateway's counters, as instruments of the meter <c>Mailbox.Gateway</c>; their names are stable (docs/protocol.md, "Metrics").
/// Requests count into plain fields, which an exporter reads when it collects: so a request costs the same with and without an exporter.
/// Safe from any thread.
/// </summary>
sealed class GatewayMetrics
{
    readonly long[] _held = new long[Enum.GetValues<TransportKind>().Length];
    readonly long[] _opens = new long[Enum.GetValues<TransportKind>().Length];
    readonly long[] _deliveries = new long[Enum.GetValues<Outcome>().Length];
    readonly long[] _sends = new long[Enum.GetValues<Outcome>().Length];
    readonly long[] _endings = new long[Enum.GetValues<Ending>().Length + 1];
    long _written;
    long _flushes;
    long _acknowledgements;

    public GatewayMetrics(IMeterFactory meters, IMailboxGrid grid)
    {
        var meter = meters.CreateGateway();
        meter.CreateObservableGauge("mailbox.gateway.ready", () => grid.IsReady ? 1L : 0, "{gateway}", "1 while deliveries are accepted.");
        meter.CreateObservableUpDownCounter(
            "mailbox.gateway.connections", () => _held.Observe("transport", NameOf<TransportKind>), "{connection}", "Connections held now.");
        meter.CreateObservableCounter("mailbox.gateway.opens", () => _opens.Observe("transport", NameOf<TransportKind>), "{mailbox}", "Mailboxes opened.");
        meter.CreateObservableCounter(
            "mailbox.gateway.deliveries", () => _deliveries.Observe("outcome", NameOf<Outcome>), "{delivery}", "Deliveries to mailboxes by outcome.");
        meter.CreateObservableCounter("mailbox.gateway.sends", () => _sends.Observe("outcome", NameOf<Outcome>), "{send}", "Sends to groups by outcome.");
        meter.CreateObservableCounter(
            "mailbox.gateway.messages_written", () => Interlocked.Read(ref _written), "{message}", "Messages and gaps written to readers.");
        meter.CreateObservableCounter(
            "mailbox.gateway.writes", () => Interlocked.Read(ref _flushes), "{write}", "Times that messages were written; several messages share one.");
        meter.CreateObservableCounter(
            "mailbox.gateway.acknowledgements", () => Interlocked.Read(ref _acknowledgements), "{acknowledgement}", "Explicit acknowledgements.");
        meter.CreateObservableCounter(
            "mailbox.gateway.endings", () => _endings.Observe("reason", static i => i == 0 ? null : Closing.Of((Ending)i).Reason), "{connection}",
            "Held connections that the server ended.");
    }

    public void Held(TransportKind kind, int change) => Interlocked.Add(ref _held[(int)kind], change);

    public void Opened(TransportKind kind) => Interlocked.Increment(ref _opens[(int)kind]);

    public void Delivered(Outcome outcome) => Interlocked.Increment(ref _deliveries[(int)outcome]);

    public void Sent(Outcome outcome) => Interlocked.Increment(ref _sends[(int)outcome]);

    public void Ended(Ending ending) => Interlocked.Increment(ref _endings[(int)ending]);

    public void Acknowledged() => Interlocked.Increment(ref _acknowledgements);

    /// <summary>Gaps count as messages here.</summary>
    public void Written(int messages)
    {
        if (messages == 0) return;
        Interlocked.Add(ref _written, messages);
        Interlocked.Increment(ref _flushes);
    }

    static string NameOf<T>(int value) where T : struct, Enum
    {
        var name = Enum.GetNames<T>()[value];
        var dashed = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && dashed.Length > 0) dashed.Append('-');
            dashed.Append(char.ToLowerInvariant(letter));
        }
        return dashed.ToString();
    }
}

static class Metering
{
    /// <summary>The meter of the gateway's parts: one for all that ask the same factory.</summary>
    public static Meter CreateGateway(this IMeterFactory meters) => meters.Create("Mailbox.Gateway");

    /// <summary>One measurement for each count, zeros included, so that a series is there before its first event.</summary>
    /// <param name="valueOf">The attribute's value for an index; null leaves the index out.</param>
    public static IEnumerable<Measurement<long>> Observe(this long[] counts, string attribute, Func<int, string?> valueOf)
    {
        for (var i = 0; i < counts.Length; i++)
            if (valueOf(i) is { } value) yield return new(Interlocked.Read(ref counts[i]), KeyValuePair.Create<string, object?>(attribute, value));
    }
}
