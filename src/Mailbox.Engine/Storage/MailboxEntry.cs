using System.Runtime.InteropServices;

namespace Mailbox.Storage;

/// <summary>One message in a mailbox's queue: what the rules need of it, and where its body is.</summary>
/// <typeparam name="TBody">The message itself, or its place on a disk.</typeparam>
// Auto: in the order of declaration padding would cost 8 bytes a message.
[StructLayout(LayoutKind.Auto)]
public struct MailboxEntry<TBody>
{
    const uint WrittenFlag = 1u << 31;
    const uint SentFlag = 1u << 30;
    const uint VolatileFlag = 1u << 29;
    const uint ImmediateFlag = 1u << 28;
    const uint SizeMask = ImmediateFlag - 1;

    uint _sizeAndFlags;

    public MailboxEntry(long sequence, int size, uint expires, TBody body)
    {
        Sequence = sequence;
        _sizeAndFlags = (uint)size;
        Expires = expires;
        Body = body;
    }

    public long Sequence { get; }

    /// <summary>As <see cref="ExpiryTick"/>.</summary>
    public uint Expires { get; set; }

    public TBody Body { get; set; }

    /// <summary>The bytes of the body; below 256 MiB.</summary>
    public readonly int Size => (int)(_sizeAndFlags & SizeMask);

    /// <summary>Flushed to a connection's socket. Not stored for each message: see <see cref="MailboxMarks.Written"/>.</summary>
    public bool IsWritten
    {
        readonly get => (_sizeAndFlags & WrittenFlag) != 0;
        set => Set(WrittenFlag, value);
    }

    /// <summary>Taken by a reader at least once. Not stored.</summary>
    public bool IsSent
    {
        readonly get => (_sizeAndFlags & SentFlag) != 0;
        set => Set(SentFlag, value);
    }

    /// <summary>Not in the store (<see cref="Durability.Memory"/>).</summary>
    public bool IsVolatile
    {
        readonly get => (_sizeAndFlags & VolatileFlag) != 0;
        set => Set(VolatileFlag, value);
    }

    /// <summary>Only for the connections that held the mailbox when it was accepted (a time to live of zero). Not stored: none of them outlives the process.</summary>
    public bool IsImmediate
    {
        readonly get => (_sizeAndFlags & ImmediateFlag) != 0;
        set => Set(ImmediateFlag, value);
    }

    void Set(uint flag, bool value) => _sizeAndFlags = value ? _sizeAndFlags | flag : _sizeAndFlags & ~flag;
}
