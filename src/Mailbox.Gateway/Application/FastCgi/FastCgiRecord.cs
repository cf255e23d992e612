using System.Buffers;
using System.Buffers.Binary;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>The head of a record, before its content and its padding (FastCGI 1.0 section 3.3).</summary>
readonly record struct FastCgiRecord(FastCgiType Type, int Length, int Padding = 0)
{
    public const int HeadBytes = 8;

    public const int MaxLength = ushort.MaxValue;

    const byte Version = 1;

    // A connection carries one request at a time: hardly any application takes more.
    const ushort Request = 1;

    /// <exception cref="BackendException">It is no record, or one of another request.</exception>
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

/// <summary>The type of a record (FastCGI 1.0 section 8).</summary>
enum FastCgiType : byte
{
    BeginRequest = 1,
    AbortRequest = 2,
    EndRequest = 3,
    Parameters = 4,
    StandardInput = 5,
    StandardOutput = 6,
    StandardError = 7,
}

/// <summary>Writes the variables of a request, and with them the records that begin it.</summary>
sealed class FastCgiParameters
{
    const byte Responder = 1;
    const byte KeepConnection = 1;
    const int LongLength = 128;

    readonly ArrayBufferWriter<byte> _pairs = new(2048);

    /// <summary>Adds a variable that is text.</summary>
    public void Add(string name, string value) => Add(name, value, Encoding.UTF8);

    /// <summary>Adds a variable with one character for each byte, such as a client's header or a decoded path.</summary>
    public void AddBytes(string name, string value) => Add(name, value, Encoding.Latin1);

    void Add(string name, string value, Encoding encoding)
    {
        WriteLength(name.Length);
        WriteLength(encoding.GetByteCount(value));
        Encoding.ASCII.GetBytes(name, _pairs);
        encoding.GetBytes(value, _pairs);
    }

    /// <param name="hasBody">Otherwise the standard input ends here too.</param>
    public ReadOnlyMemory<byte> Records(bool keepsConnection, bool hasBody)
    {
        var records = new ArrayBufferWriter<byte>(_pairs.WrittenCount + 64);
        Write(records, FastCgiType.BeginRequest, [0, Responder, keepsConnection ? KeepConnection : (byte)0, 0, 0, 0, 0, 0]);
        for (var rest = _pairs.WrittenSpan; rest.Length > 0; rest = rest[Math.Min(rest.Length, FastCgiRecord.MaxLength)..])
            Write(records, FastCgiType.Parameters, rest[..Math.Min(rest.Length, FastCgiRecord.MaxLength)]);
        Write(records, FastCgiType.Parameters, []);
        if (!hasBody) Write(records, FastCgiType.StandardInput, []);
        return records.WrittenMemory;
    }

    static void Write(ArrayBufferWriter<byte> records, FastCgiType type, ReadOnlySpan<byte> content)
    {
        new FastCgiRecord(type, content.Length).Write(records.GetSpan(FastCgiRecord.HeadBytes));
        records.Advance(FastCgiRecord.HeadBytes);
        records.Write(content);
    }

    // FastCGI 1.0 section 3.4.
    void WriteLength(int length)
    {
        if (length < LongLength)
        {
            _pairs.GetSpan(1)[0] = (byte)length;
            _pairs.Advance(1);
            return;
        }
        BinaryPrimitives.WriteUInt32BigEndian(_pairs.GetSpan(sizeof(uint)), (uint)length | 1u << 31);
        _pairs.Advance(sizeof(uint));
    }
}
