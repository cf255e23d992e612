namespace Mailbox.Grains;

/// <summary>How <see cref="UplinkResult"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.uplink-result")]
struct UplinkResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public long Highest;

    [Id(2)]
    public int Accepted;

    [RegisterConverter]
    internal sealed class Converter : IConverter<UplinkResult, UplinkResultWire>
    {
        public UplinkResult ConvertFromSurrogate(in UplinkResultWire wire) => new((Outcome)wire.Outcome, wire.Highest, wire.Accepted);

        public UplinkResultWire ConvertToSurrogate(in UplinkResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Highest = value.Highest,
            Accepted = value.Accepted,
        };
    }
}
