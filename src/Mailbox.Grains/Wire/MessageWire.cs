namespace Mailbox.Grains;

/// <summary>How <see cref="Message"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.message")]
struct MessageWire
{
    [Id(0)]
    public string ContentType;

    [Id(1)]
    public ReadOnlyMemory<byte> Body;

    [Id(2)]
    public string? Type;

    [Id(3)]
    public string? Topic;

    [Id(4)]
    public string? Group;

    [Id(5)]
    public DateTimeOffset At;

    [Id(6)]
    public DateTimeOffset Expires;

    [RegisterConverter]
    internal sealed class Converter : IConverter<Message, MessageWire>
    {
        public Message ConvertFromSurrogate(in MessageWire wire) => new()
        {
            ContentType = wire.ContentType,
            Body = wire.Body,
            Type = wire.Type,
            Topic = wire.Topic,
            Group = wire.Group is { } group ? GroupName.Parse(group) : null,
            At = wire.At,
            Expires = wire.Expires,
        };

        public MessageWire ConvertToSurrogate(in Message value) => new()
        {
            ContentType = value.ContentType,
            Body = value.Body,
            Type = value.Type,
            Topic = value.Topic,
            Group = value.Group?.ToString(),
            At = value.At,
            Expires = value.Expires,
        };
    }
}
