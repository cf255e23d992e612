namespace Mailbox.Grains;

/// <summary>How <see cref="SendResult"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.send-result")]
struct SendResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public int Members;

    [Id(2)]
    public int Stored;

    [Id(3)]
    public int Refused;

    [RegisterConverter]
    internal sealed class Converter : IConverter<SendResult, SendResultWire>
    {
        public SendResult ConvertFromSurrogate(in SendResultWire wire) => new((Outcome)wire.Outcome, wire.Members, wire.Stored, wire.Refused);

        public SendResultWire ConvertToSurrogate(in SendResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Members = value.Members,
            Stored = value.Stored,
            Refused = value.Refused,
        };
    }
}
