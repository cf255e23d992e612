namespace Mailbox.Grains;

/// <summary>How <see cref="Position"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.position")]
struct PositionWire
{
    [Id(0)]
    public ulong Epoch;

    [Id(1)]
    public long Sequence;

    [RegisterConverter]
    internal sealed class Converter : IConverter<Position, PositionWire>
    {
        public Position ConvertFromSurrogate(in PositionWire wire) => new(wire.Epoch, wire.Sequence);

        public PositionWire ConvertToSurrogate(in Position value) => new() { Epoch = value.Epoch, Sequence = value.Sequence };
    }
}
