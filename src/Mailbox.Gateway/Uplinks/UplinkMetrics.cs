namespace Mailbox.Gateway;

/// <summary>What came of clients' messages to the backend.</summary>
sealed class UplinkMetrics
{
    static readonly Metric s_uplinks = new("mailbox_gateway_uplinks_total", "counter", "Clients' messages forwarded to the backend by outcome.");
    static readonly string[] s_outcomes = ["answered", "failed"];

    readonly long[] _outcomes = new long[s_outcomes.Length];

    public void Forwarded(bool isAnswered) => Interlocked.Increment(ref _outcomes[isAnswered ? 0 : 1]);

    public void WriteTo(PrometheusText text) => text.Add(s_uplinks, "outcome", _outcomes, static i => s_outcomes[i]);
}
