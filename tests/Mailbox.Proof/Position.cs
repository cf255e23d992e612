using System.Globalization;

namespace Mailbox.Proof;

/// <summary>A position as the protocol has it: <c>EPOCH.SEQUENCE</c>.</summary>
sealed record Position(string Epoch, long Sequence)
{
    public static Position Parse(string text)
    {
        var dot = text.LastIndexOf('.');
        return new(text[..dot], long.Parse(text.AsSpan(dot + 1), CultureInfo.InvariantCulture));
    }

    public override string ToString() => $"{Epoch}.{Sequence}";
}
