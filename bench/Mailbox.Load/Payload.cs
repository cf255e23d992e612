using System.Globalization;
using System.Text;

namespace Mailbox.Load;

/// <summary>A message's body: <c>@TIMESTAMP@#NUMBER#xxx…</c></summary>
static class Payload
{
    public static byte[] Make(int number, int size)
    {
        var head = string.Create(CultureInfo.InvariantCulture, $"@{TimeProvider.System.GetTimestamp()}@#{number}#");
        return Encoding.ASCII.GetBytes(head.PadRight(size, 'x'));
    }

    public static (TimeSpan Age, int Number) Read(string body)
    {
        var second = body.IndexOf('@', 1);
        var sent = long.Parse(body.AsSpan(1, second - 1), CultureInfo.InvariantCulture);
        var number = int.Parse(body.AsSpan(second + 2, body.IndexOf('#', second + 2) - second - 2), CultureInfo.InvariantCulture);
        return (TimeProvider.System.GetElapsedTime(sent), number);
    }
}
