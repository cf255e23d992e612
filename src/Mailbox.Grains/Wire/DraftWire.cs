namespace Mailbox.Grains;

/// <summary>How <see cref="MessageDraft"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.draft")]
struct DraftWire
{
    [Id(0)]
    public ReadOnlyMemory<byte> Body;

    [Id(1)]
    public string ContentType;

    [Id(2)]
    public string? Type;

    [Id(3)]
    public string? Topic;

    [Id(4)]
    public TimeSpan? TimeToLive;

    [Id(5)]
    public string? IdempotencyKey;

    [Id(6)]
    public byte? Durability;

    [Id(7)]
    public TimeSpan? Idle;

    [Id(8)]
    public TimeSpan? KeyLife;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MessageDraft, DraftWire>
    {
        public MessageDraft ConvertFromSurrogate(in DraftWire wire) => new()
        {
            Body = wire.Body,
            ContentType = wire.ContentType,
            Type = wire.Type,
            Topic = wire.Topic,
            TimeToLive = wire.TimeToLive,
            IdempotencyKey = wire.IdempotencyKey,
            Durability = (Durability?)wire.Durability,
            Idle = wire.Idle,
            KeyLife = wire.KeyLife,
        };

        public DraftWire ConvertToSurrogate(in MessageDraft value) => new()
        {
            Body = value.Body,
            ContentType = value.ContentType,
            Type = value.Type,
            Topic = value.Topic,
            TimeToLive = value.TimeToLive,
            IdempotencyKey = value.IdempotencyKey,
            Durability = (byte?)value.Durability,
            Idle = value.Idle,
            KeyLife = value.KeyLife,
        };
    }
}
