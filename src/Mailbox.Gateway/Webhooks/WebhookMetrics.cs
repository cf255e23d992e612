using System.Collections.Concurrent;
using System.Diagnostics.Metrics;

namespace Mailbox.Gateway;

/// <summary>The state of each webhook in this process; a webhook that another process calls stands at 0 here.</summary>
sealed class WebhookMetrics
{
    readonly ConcurrentDictionary<string, WebhookCounts> _counts = new(StringComparer.Ordinal);

    public WebhookMetrics(IMeterFactory meters)
    {
        var meter = meters.CreateGateway();
        meter.CreateObservableCounter("mailbox.gateway.webhook.events", () => Observe(static counts => counts.Events), "{event}", "Events told to a webhook.");
        meter.CreateObservableCounter(
            "mailbox.gateway.webhook.dropped", () => Observe(static counts => counts.Dropped), "{letter}",
            "Letters for a webhook that were dropped: too many waited, or for too long.");
        meter.CreateObservableCounter(
            "mailbox.gateway.webhook.failures", () => Observe(static counts => counts.Failures), "{call}", "Calls that a webhook did not take.");
        meter.CreateObservableCounter(
            "mailbox.gateway.webhook.refused", () => Observe(static counts => counts.Refused), "{call}",
            "Calls that a webhook refused for good (4xx); they were set aside.");
        meter.CreateObservableUpDownCounter(
            "mailbox.gateway.webhook.waiting", () => Observe(static counts => counts.Waiting), "{letter}", "Letters that a webhook was not told yet.");
        meter.CreateObservableGauge(
            "mailbox.gateway.webhook.failing", () => Observe(static counts => counts.IsFailing ? 1 : 0), "{webhook}", "1 while the last call was not taken.");
    }

    public WebhookCounts Of(string name) => _counts.GetOrAdd(name, static _ => new());

    public void Forget(string name) => _counts.TryRemove(name, out _);

    IEnumerable<Measurement<long>> Observe(Func<WebhookCounts, long> read) =>
        _counts.Select(one => new Measurement<long>(read(one.Value), KeyValuePair.Create<string, object?>("webhook", one.Key)));
}

/// <summary>Counts one webhook's calls by this process. Safe from any thread.</summary>
sealed class WebhookCounts
{
    long _events;
    long _dropped;
    long _failures;
    long _refused;
    long _waiting;
    int _isFailing;

    public long Events => Interlocked.Read(ref _events);

    /// <summary>Events that were dropped: too many waited, or for too long.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Calls that were set aside because the endpoint refused them for good.</summary>
    public long Refused => Interlocked.Read(ref _refused);

    /// <summary>Events that wait, as of a few seconds ago.</summary>
    public long Waiting
    {
        get => Interlocked.Read(ref _waiting);
        set => Interlocked.Exchange(ref _waiting, value);
    }

    /// <summary>The last call was not taken.</summary>
    public bool IsFailing => Volatile.Read(ref _isFailing) != 0;

    public void AddEvent() => Interlocked.Increment(ref _events);

    public void AddDropped(long events) => Interlocked.Add(ref _dropped, events);

    public void AddRefused() => Interlocked.Increment(ref _refused);

    public void AddCall(bool isTaken)
    {
        if (!isTaken) Interlocked.Increment(ref _failures);
        Volatile.Write(ref _isFailing, isTaken ? 0 : 1);
    }
}
