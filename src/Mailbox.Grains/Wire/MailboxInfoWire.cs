namespace Mailbox.Grains;

/// <summary>How <see cref="MailboxInfo"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.info")]
struct MailboxInfoWire
{
    [Id(0)]
    public Position First;

    [Id(1)]
    public Position Last;

    [Id(2)]
    public Position Acknowledged;

    [Id(3)]
    public int Messages;

    [Id(4)]
    public long Bytes;

    [Id(5)]
    public int Connections;

    [Id(6)]
    public GroupName[] Groups;

    [Id(7)]
    public DateTimeOffset Expires;

    [Id(8)]
    public MailboxOptions Options;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxInfo, MailboxInfoWire>
    {
        public MailboxInfo ConvertFromSurrogate(in MailboxInfoWire wire) => new(
            wire.First, wire.Last, wire.Acknowledged, wire.Messages, wire.Bytes, wire.Connections, wire.Groups, wire.Expires, wire.Options);

        public MailboxInfoWire ConvertToSurrogate(in MailboxInfo value) => new()
        {
            First = value.First,
            Last = value.Last,
            Acknowledged = value.Acknowledged,
            Messages = value.Messages,
            Bytes = value.Bytes,
            Connections = value.Connections,
            Groups = [.. value.Groups],
            Expires = value.Expires,
            Options = value.Options,
        };
    }
}
