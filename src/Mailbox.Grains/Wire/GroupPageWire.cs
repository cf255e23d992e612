namespace Mailbox.Grains;

/// <summary>How <see cref="GroupPage"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.group-page")]
struct GroupPageWire
{
    [Id(0)]
    public int Count;

    [Id(1)]
    public MailboxName[] Members;

    [Id(2)]
    public string? Next;

    [RegisterConverter]
    internal sealed class Converter : IConverter<GroupPage, GroupPageWire>
    {
        public GroupPage ConvertFromSurrogate(in GroupPageWire wire) => new(wire.Count, wire.Members, wire.Next);

        public GroupPageWire ConvertToSurrogate(in GroupPage value) => new() { Count = value.Count, Members = [.. value.Members], Next = value.Next };
    }
}
