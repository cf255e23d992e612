namespace Mailbox.Grains;

/// <summary>How <see cref="MailboxOptionsChange"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.options-change")]
struct OptionsChangeWire
{
    [Id(0)]
    public TimeSpan? Idle;

    [Id(1)]
    public byte? Overflow;

    [Id(2)]
    public int? MaxMessages;

    [Id(3)]
    public long? MaxBytes;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxOptionsChange, OptionsChangeWire>
    {
        public MailboxOptionsChange ConvertFromSurrogate(in OptionsChangeWire wire) => new()
        {
            Idle = wire.Idle,
            Overflow = (OverflowPolicy?)wire.Overflow,
            MaxMessages = wire.MaxMessages,
            MaxBytes = wire.MaxBytes,
        };

        public OptionsChangeWire ConvertToSurrogate(in MailboxOptionsChange value) => new()
        {
            Idle = value.Idle,
            Overflow = (byte?)value.Overflow,
            MaxMessages = value.MaxMessages,
            MaxBytes = value.MaxBytes,
        };
    }
}
