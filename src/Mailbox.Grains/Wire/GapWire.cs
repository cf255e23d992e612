namespace Mailbox.Grains;

/// <summary>How <see cref="Gap"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.gap")]
struct GapWire
{
    [Id(0)]
    public Position From;

    [Id(1)]
    public Position To;

    [Id(2)]
    public byte Reason;

    [RegisterConverter]
    internal sealed class Converter : IConverter<Gap, GapWire>
    {
        public Gap ConvertFromSurrogate(in GapWire wire) => new(wire.From, wire.To, (GapReason)wire.Reason);

        public GapWire ConvertToSurrogate(in Gap value) => new() { From = value.From, To = value.To, Reason = (byte)value.Reason };
    }
}
