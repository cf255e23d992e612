namespace Mailbox.Grains;

/// <summary>How <see cref="DeliverResult"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.deliver-result")]
struct DeliverResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public Position Position;

    [Id(2)]
    public int Connections;

    [Id(3)]
    public DateTimeOffset Expires;

    [RegisterConverter]
    internal sealed class Converter : IConverter<DeliverResult, DeliverResultWire>
    {
        public DeliverResult ConvertFromSurrogate(in DeliverResultWire wire) => new((Outcome)wire.Outcome, wire.Position, wire.Connections, wire.Expires);

        public DeliverResultWire ConvertToSurrogate(in DeliverResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Position = value.Position,
            Connections = value.Connections,
            Expires = value.Expires,
        };
    }
}
