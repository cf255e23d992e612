using System.Buffers.Binary;
using System.Text;

namespace Mailbox.Gateway.Tests;

/// <summary>A request as an application saw it.</summary>
sealed record FastCgiAsked(byte[] Begin, Dictionary<string, string> Variables, byte[] Body)
{
    public static Dictionary<string, string> Parse(byte[] pairs)
    {
        var variables = new Dictionary<string, string>();
        for (var at = 0; at < pairs.Length;)
        {
            var (name, value) = (Length(pairs, ref at), Length(pairs, ref at));
            variables.Add(Encoding.UTF8.GetString(pairs, at, name), Encoding.UTF8.GetString(pairs, at + name, value));
            at += name + value;
        }
        return variables;
    }

    static int Length(byte[] pairs, ref int at)
    {
        if (pairs[at] < 128) return pairs[at++];
        at += 4;
        return (int)(BinaryPrimitives.ReadUInt32BigEndian(pairs.AsSpan(at - 4)) & int.MaxValue);
    }
}
