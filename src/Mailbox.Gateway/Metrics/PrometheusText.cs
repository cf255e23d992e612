using System.Globalization;
using System.Text;

namespace Mailbox.Gateway;

sealed class PrometheusText
{
    readonly StringBuilder _text = new();

    public void Add(string name, string type, string help, long value)
    {
        Head(name, type, help);
        _text.Append(CultureInfo.InvariantCulture, $"{name} {value}\n");
    }

    /// <param name="labelOf">The label's value for an index; null leaves the index out.</param>
    public void Add(string name, string type, string help, string label, long[] values, Func<int, string?> labelOf)
    {
        Head(name, type, help);
        for (var i = 0; i < values.Length; i++)
            if (labelOf(i) is { } text)
                _text.Append(CultureInfo.InvariantCulture, $"{name}{{{label}=\"{text}\"}} {Interlocked.Read(ref values[i])}\n");
    }

    void Head(string name, string type, string help) =>
        _text.Append(CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n");

    public override string ToString() => _text.ToString();
}
