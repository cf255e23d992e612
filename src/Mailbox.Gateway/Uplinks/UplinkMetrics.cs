using System.Diagnostics.Metrics;

namespace Mailbox.Gateway;

/// <summary>What came of clients' messages to the backend.</summary>
sealed class UplinkMetrics
{
    static readonly string[] s_outcomes = ["answered", "failed"];

    readonly long[] _outcomes = new long[s_outcomes.Length];

    public UplinkMetrics(IMeterFactory meters) => meters.CreateGateway().CreateObservableCounter(
        "mailbox.gateway.uplinks", () => _outcomes.Observe("outcome", static i => s_outcomes[i]), "{message}", "Clients' messages forwarded to the backend by outcome.");

    public void Forwarded(bool isAnswered) => Interlocked.Increment(ref _outcomes[isAnswered ? 0 : 1]);
}
