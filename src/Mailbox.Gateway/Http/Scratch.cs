using System.Buffers;

namespace Mailbox.Gateway;

/// <summary>A buffer of the thread's own for an answer whose length must be known before its first byte. Not held across an await.</summary>
static class Scratch
{
    const int InitialCapacity = 1 << 10;
    const int KeptCapacity = 64 << 10;

    [ThreadStatic]
    static ArrayBufferWriter<byte>? s_buffer;

    public static ArrayBufferWriter<byte> Take()
    {
        var buffer = s_buffer is { Capacity: <= KeptCapacity } kept ? kept : new ArrayBufferWriter<byte>(InitialCapacity);
        buffer.ResetWrittenCount();
        return s_buffer = buffer;
    }
}
