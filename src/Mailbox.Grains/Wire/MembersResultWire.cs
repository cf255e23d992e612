namespace Mailbox.Grains;

/// <summary>How <see cref="MembersResult"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.members-result")]
struct MembersResultWire
{
    [Id(0)]
    public byte Outcome;

    [Id(1)]
    public int Added;

    [Id(2)]
    public int Removed;

    [Id(3)]
    public int Count;

    [RegisterConverter]
    internal sealed class Converter : IConverter<MembersResult, MembersResultWire>
    {
        public MembersResult ConvertFromSurrogate(in MembersResultWire wire) => new((Outcome)wire.Outcome, wire.Added, wire.Removed, wire.Count);

        public MembersResultWire ConvertToSurrogate(in MembersResult value) => new()
        {
            Outcome = (byte)value.Outcome,
            Added = value.Added,
            Removed = value.Removed,
            Count = value.Count,
        };
    }
}
