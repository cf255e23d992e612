namespace Mailbox.Grains;

/// <summary>How <see cref="UplinkRequest"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.uplink-request")]
struct UplinkRequestWire
{
    [Id(0)]
    public string? Client;

    [Id(1)]
    public UplinkDraft[] Drafts;

    [Id(2)]
    public MailboxName? Except;

    [Id(3)]
    public bool Asks;

    [RegisterConverter]
    internal sealed class Converter : IConverter<UplinkRequest, UplinkRequestWire>
    {
        public UplinkRequest ConvertFromSurrogate(in UplinkRequestWire wire) => new(wire.Client, wire.Drafts, wire.Except) { Asks = wire.Asks };

        public UplinkRequestWire ConvertToSurrogate(in UplinkRequest value) => new()
        {
            Client = value.Client,
            Drafts = [.. value.Drafts],
            Except = value.Except,
            Asks = value.Asks,
        };
    }
}
