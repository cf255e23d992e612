using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>Good multiplexed bodies, all with the boundary <c>b</c>. One character is one byte.</summary>
static class Bodies
{
    public const string Boundary = "b";

    public const int MaxBodyBytes = 100;

    public static readonly string[] Good =
    [
        "--b\r\nMailbox: a\r\n\r\none\r\n--b\r\nGroup: g/1\r\nExcept: c, d\r\nContent-Type: text/x\r\n\r\ntwo\r\n\r\n--b--\r\n",
        "--b\nMailbox: a\nMultiplex-Token: t-a\n\none\ntwo\r\n--b\nTTL: 5\nMailbox: b\n\n\n--b--\n",
        "a preamble\r\n\r\nof lines -- and --c\r\n--b \t\r\nMailbox: a\r\nMailbox: b,c\r\n\r\n--\r\n-b\n--b is none\n\r\n--b--  \r\nan epilogue\r\n--b\r\nMailbox: x\r\n\r\n",
        "\r\n--b\r\nMailbox:\r\n a\r\nTopic: x\r\nMessage-Type:\tt\r\nX-Own: \u00c3\u00a4\r\n y\r\n\r\n\0\u00ff\r\r\n\n\r\n--b\r\n\r\n\r\n--b\r\nStatus: 404\r\n\r\n\r\n--b--",
        "--b\nGroup: g\r\nMailbox: a\n\r\nmixed\r\n\n--b\nMultiplex-Token: t-a, t-b\nExcept: t-c\n\n--b\nMailbox: a\n\n--b--",
        "--b--\r\n",
    ];

    public static byte[] Bytes(string body) => Encoding.Latin1.GetBytes(body);

    /// <summary>A body in chunks of a size, the last one smaller.</summary>
    public static IEnumerable<ReadOnlyMemory<byte>> Chunks(byte[] body, int size)
    {
        for (var at = 0; at < body.Length; at += size) yield return body.AsMemory(at, Math.Min(size, body.Length - at));
    }
}
