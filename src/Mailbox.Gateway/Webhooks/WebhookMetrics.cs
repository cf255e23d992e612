using System.Collections.Concurrent;

namespace Mailbox.Gateway;

/// <summary>The state of each webhook as this process knows it; those that another process calls stand at 0 here.</summary>
sealed class WebhookMetrics
{
    static readonly Metric s_told = new("mailbox_gateway_webhook_events_total", "counter", "Events told to a webhook.");
    static readonly Metric s_dropped = new("mailbox_gateway_webhook_dropped_total", "counter", "Letters for a webhook that were dropped: too many waited, or for too long.");
    static readonly Metric s_failures = new("mailbox_gateway_webhook_failures_total", "counter", "Calls that a webhook did not take.");
    static readonly Metric s_refused = new("mailbox_gateway_webhook_refused_total", "counter", "Calls that a webhook refused for good (4xx); they were set aside.");
    static readonly Metric s_waiting = new("mailbox_gateway_webhook_waiting", "gauge", "Letters that a webhook was not told yet.");
    static readonly Metric s_failing = new("mailbox_gateway_webhook_failing", "gauge", "1 while the last call was not taken.");

    readonly ConcurrentDictionary<string, WebhookCounts> _counts = new(StringComparer.Ordinal);

    public WebhookCounts Of(string name) => _counts.GetOrAdd(name, static _ => new());

    public void Forget(string name) => _counts.TryRemove(name, out _);

    public void WriteTo(PrometheusText text)
    {
        var all = _counts.OrderBy(static one => one.Key, StringComparer.Ordinal).ToList();
        if (all.Count == 0) return;
        Write(text, s_told, all, static counts => counts.Events);
        Write(text, s_dropped, all, static counts => counts.Lost);
        Write(text, s_failures, all, static counts => counts.Failures);
        Write(text, s_refused, all, static counts => counts.SetAside);
        Write(text, s_waiting, all, static counts => counts.Waiting);
        Write(text, s_failing, all, static counts => counts.IsFailing ? 1 : 0);
    }

    static void Write(PrometheusText text, Metric metric, List<KeyValuePair<string, WebhookCounts>> all, Func<WebhookCounts, long> read)
    {
        long[] values = [.. all.Select(one => read(one.Value))];
        text.Add(metric, "webhook", values, i => all[i].Key);
    }
}
