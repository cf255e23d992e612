namespace Mailbox.Grains;

/// <summary>How <see cref="MailboxName"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.name")]
struct MailboxNameWire
{
    [Id(0)]
    public string Text;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MailboxName, MailboxNameWire>
    {
        public MailboxName ConvertFromSurrogate(in MailboxNameWire wire) => MailboxName.Parse(wire.Text);

        public MailboxNameWire ConvertToSurrogate(in MailboxName value) => new() { Text = value.ToString() };
    }
}
