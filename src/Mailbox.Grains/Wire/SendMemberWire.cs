using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>How <see cref="SendMember"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.send-member")]
struct SendMemberWire
{
    [Id(0)]
    public MailboxName Mailbox;

    [Id(1)]
    public ulong Epoch;

    [Id(2)]
    public string? Owner;

    [RegisterConverter]
    internal sealed class Converter : IConverter<SendMember, SendMemberWire>
    {
        public SendMember ConvertFromSurrogate(in SendMemberWire wire) => new(wire.Mailbox, wire.Epoch, wire.Owner);

        public SendMemberWire ConvertToSurrogate(in SendMember value) => new() { Mailbox = value.Mailbox, Epoch = value.Epoch, Owner = value.Owner };
    }
}
