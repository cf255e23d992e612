namespace Mailbox.Grains;

/// <summary>How <see cref="UplinkDraft"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.uplink-draft")]
struct UplinkDraftWire
{
    [Id(0)]
    public ReadOnlyMemory<byte> Body;

    [Id(1)]
    public string ContentType;

    [Id(2)]
    public long? Number;

    [Id(3)]
    public string? Key;

    [RegisterConverter]
    internal sealed class Converter : IConverter<UplinkDraft, UplinkDraftWire>
    {
        public UplinkDraft ConvertFromSurrogate(in UplinkDraftWire wire) => new()
        {
            Body = wire.Body,
            ContentType = wire.ContentType,
            Number = wire.Number,
            Key = wire.Key,
        };

        public UplinkDraftWire ConvertToSurrogate(in UplinkDraft value) => new()
        {
            Body = value.Body,
            ContentType = value.ContentType,
            Number = value.Number,
            Key = value.Key,
        };
    }
}
