namespace Mailbox.Grains;

/// <summary>How <see cref="PostResult"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.post-result")]
struct PostResultWire
{
    [Id(0)]
    public DeliverResult[] To;

    [Id(1)]
    public SendResult[] Groups;

    [RegisterConverter]
    internal sealed class Converter : IConverter<PostResult, PostResultWire>
    {
        public PostResult ConvertFromSurrogate(in PostResultWire wire) => new(wire.To, wire.Groups);

        public PostResultWire ConvertToSurrogate(in PostResult value) => new() { To = [.. value.To], Groups = [.. value.Groups] };
    }
}
