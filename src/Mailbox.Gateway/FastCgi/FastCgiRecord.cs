using System.Buffers.Binary;

namespace Mailbox.Gateway;

/// <summary>The head of a record, before its content and its padding (FastCGI 1.0 section 3.3).</summary>
readonly record struct FastCgiRecord(FastCgiType Type, int Length, int Padding = 0)
{
    public const int HeadBytes = 8;

    public const int MaxLength = ushort.MaxValue;

    const byte Version = 1;

    // A connection carries one request at a time: hardly any application takes more.
    const ushort Request = 1;

    /// <exception cref="BackendException">It is no record, or of another request.</exception>
    public static FastCgiRecord Read(ReadOnlySpan<byte> head)
    {
        if (head[0] != Version || BinaryPrimitives.ReadUInt16BigEndian(head[2..]) != Request)
            throw new BackendException(BackendFault.Broken, "The application sent what is no FastCGI record of this request.");
        return new((FastCgiType)head[1], BinaryPrimitives.ReadUInt16BigEndian(head[4..]), head[6]);
    }

    public void Write(Span<byte> head)
    {
        head[0] = Version;
        head[1] = (byte)Type;
        BinaryPrimitives.WriteUInt16BigEndian(head[2..], Request);
        BinaryPrimitives.WriteUInt16BigEndian(head[4..], (ushort)Length);
        head[6] = (byte)Padding;
        head[7] = 0;
    }
}
