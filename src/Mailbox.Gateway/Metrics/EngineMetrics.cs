using System.Diagnostics.Metrics;

namespace Mailbox.Gateway;

/// <summary>
/// What the engines of this process count, read from their meter when somebody asks. An instrument <c>mailbox.batches</c> is the metric
/// <c>mailbox_batches</c>, with <c>_total</c> where it only grows. One scrape at a time.
/// </summary>
sealed class EngineMetrics : IDisposable
{
    const string MeterName = "Mailbox.Orleans";

    readonly MeterListener _listener = new();
    readonly SortedDictionary<string, (Metric Metric, long Value)> _values = new(StringComparer.Ordinal);

    public EngineMetrics()
    {
        _listener.InstrumentPublished = static (instrument, listener) =>
        {
            if (instrument.Meter.Name == MeterName) listener.EnableMeasurementEvents(instrument);
        };
        _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => Add(instrument, value));
        _listener.Start();
    }

    public void WriteTo(PrometheusText text)
    {
        lock (_values)
        {
            _values.Clear();
            _listener.RecordObservableInstruments();
            foreach (var (metric, value) in _values.Values) text.Add(metric, value);
        }
    }

    public void Dispose() => _listener.Dispose();

    void Add(Instrument instrument, long value)
    {
        var before = _values.TryGetValue(instrument.Name, out var known) ? known.Value : 0;
        _values[instrument.Name] = (MetricOf(instrument), before + value);
    }

    static Metric MetricOf(Instrument instrument)
    {
        var name = instrument.Name.Replace('.', '_');
        var grows = instrument is ObservableCounter<long>;
        return new(grows ? name + "_total" : name, grows ? "counter" : "gauge", instrument.Description ?? "");
    }
}
