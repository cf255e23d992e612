using System.Globalization;
using System.Text;

namespace Mailbox.Gateway;

sealed class PrometheusText
{
    readonly StringBuilder _text = new();

    public void Add(Metric metric, long value)
    {
        Head(metric);
        _text.Append(CultureInfo.InvariantCulture, $"{metric.Name} {value}\n");
    }

    /// <param name="labelOf">The label's value for an index; null leaves the index out.</param>
    public void Add(Metric metric, string label, long[] values, Func<int, string?> labelOf)
    {
        Head(metric);
        for (var i = 0; i < values.Length; i++)
            if (labelOf(i) is { } text)
                _text.Append(CultureInfo.InvariantCulture, $"{metric.Name}{{{label}=\"{text}\"}} {Interlocked.Read(ref values[i])}\n");
    }

    void Head(Metric metric) =>
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {metric.Name} {metric.Help}\n# TYPE {metric.Name} {metric.Type}\n");

    public override string ToString() => _text.ToString();
}
