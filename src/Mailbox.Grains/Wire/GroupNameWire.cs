namespace Mailbox.Grains;

/// <summary>How <see cref="GroupName"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.group-name")]
struct GroupNameWire
{
    [Id(0)]
    public string Text;

    [RegisterConverter]
    internal sealed class Converter : IConverter<GroupName, GroupNameWire>
    {
        public GroupName ConvertFromSurrogate(in GroupNameWire wire) => GroupName.Parse(wire.Text);

        public GroupNameWire ConvertToSurrogate(in GroupName value) => new() { Text = value.ToString() };
    }
}
