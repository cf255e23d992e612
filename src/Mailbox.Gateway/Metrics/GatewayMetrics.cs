using System.Text;

namespace Mailbox.Gateway;

/// <summary>The gateway's counters, and after them the engine's. Names and labels are stable (docs/protocol.md, "Metrics").</summary>
sealed class GatewayMetrics(EngineMetrics engine, UplinkMetrics uplinks, WebhookMetrics webhooks)
{
    static readonly Metric s_ready = new("mailbox_gateway_ready", "gauge", "1 while deliveries are accepted.");
    static readonly Metric s_connections = new("mailbox_gateway_connections", "gauge", "Connections held now.");
    static readonly Metric s_opens = new("mailbox_gateway_opens_total", "counter", "Mailboxes opened.");
    static readonly Metric s_deliveries = new("mailbox_gateway_deliveries_total", "counter", "Deliveries to mailboxes by outcome.");
    static readonly Metric s_sends = new("mailbox_gateway_sends_total", "counter", "Sends to groups by outcome.");
    static readonly Metric s_messages = new("mailbox_gateway_messages_written_total", "counter", "Messages and gaps written to readers.");
    static readonly Metric s_writes = new("mailbox_gateway_writes_total", "counter", "Times that messages were written; several messages share one.");
    static readonly Metric s_acknowledgements = new("mailbox_gateway_acknowledgements_total", "counter", "Explicit acknowledgements.");
    static readonly Metric s_endings = new("mailbox_gateway_endings_total", "counter", "Held connections that the server ended.");

    readonly long[] _held = new long[Enum.GetValues<TransportKind>().Length];
    readonly long[] _opens = new long[Enum.GetValues<TransportKind>().Length];
    readonly long[] _deliveries = new long[Enum.GetValues<Outcome>().Length];
    readonly long[] _sends = new long[Enum.GetValues<Outcome>().Length];
    readonly long[] _endings = new long[Enum.GetValues<Ending>().Length + 1];
    long _written;
    long _flushes;
    long _acknowledgements;

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

    /// <summary>The Prometheus text exposition format, version 0.0.4.</summary>
    public string Expose(bool ready)
    {
        var text = new PrometheusText();
        text.Add(s_ready, ready ? 1 : 0);
        text.Add(s_connections, "transport", _held, static i => Name((TransportKind)i));
        text.Add(s_opens, "transport", _opens, static i => Name((TransportKind)i));
        text.Add(s_deliveries, "outcome", _deliveries, static i => Name((Outcome)i));
        text.Add(s_sends, "outcome", _sends, static i => Name((Outcome)i));
        text.Add(s_messages, _written);
        text.Add(s_writes, _flushes);
        text.Add(s_acknowledgements, _acknowledgements);
        text.Add(s_endings, "reason", _endings, static i => i == 0 ? null : Closing.Of((Ending)i).Reason);
        uplinks.WriteTo(text);
        webhooks.WriteTo(text);
        engine.WriteTo(text);
        return text.ToString();
    }

    static string Name<T>(T value) where T : struct, Enum => Dashed(value.ToString());

    static string Dashed(string name)
    {
        var dashed = new StringBuilder(name.Length + 4);
        foreach (var letter in name)
        {
            if (char.IsUpper(letter) && dashed.Length > 0) dashed.Append('-');
            dashed.Append(char.ToLowerInvariant(letter));
        }
        return dashed.ToString();
    }
}
