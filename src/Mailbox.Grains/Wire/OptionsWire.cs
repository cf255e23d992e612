namespace Mailbox.Grains;

/// <summary>How <see cref="MailboxOptions"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.options")]
struct OptionsWire
{
    [Id(0)]
    public TimeSpan Idle;

    [Id(1)]
    public byte Overflow;

    [Id(2)]
    public int MaxMessages;

    [Id(3)]
    public long MaxBytes;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxOptions, OptionsWire>
    {
        public MailboxOptions ConvertFromSurrogate(in OptionsWire wire) => new(wire.Idle, (OverflowPolicy)wire.Overflow, wire.MaxMessages, wire.MaxBytes);

        public OptionsWire ConvertToSurrogate(in MailboxOptions value) => new()
        {
            Idle = value.Idle,
            Overflow = (byte)value.Overflow,
            MaxMessages = value.MaxMessages,
            MaxBytes = value.MaxBytes,
        };
    }
}
