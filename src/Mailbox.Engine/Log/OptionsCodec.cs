namespace Mailbox.Storage;

static class OptionsCodec
{
    public static void Write(ByteWriter to, MailboxOptions options)
    {
        to.Varint(options.Idle.Ticks);
        to.Byte((byte)options.Overflow);
        to.Varint(options.MaxMessages);
        to.Varint(options.MaxBytes);
    }

    public static MailboxOptions Read(ref ByteReader from) =>
        new(TimeSpan.FromTicks(from.Long()), (OverflowPolicy)from.Byte(), (int)from.Long(), from.Long());
}
