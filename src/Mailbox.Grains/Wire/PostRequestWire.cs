namespace Mailbox.Grains;

/// <summary>How <see cref="PostRequest"/> travels. Fields are added at the end and never renumbered.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.post")]
struct PostRequestWire
{
    [Id(0)]
    public MessageDraft Draft;

    [Id(1)]
    public MailboxName[] To;

    [Id(2)]
    public GroupName[] Groups;

    [Id(3)]
    public MailboxName[] Except;

    [RegisterConverter]
    internal sealed class Converter : IConverter<PostRequest, PostRequestWire>
    {
        public PostRequest ConvertFromSurrogate(in PostRequestWire wire) => new(wire.Draft, wire.To, wire.Groups, wire.Except);

        public PostRequestWire ConvertToSurrogate(in PostRequest value) => new()
        {
            Draft = value.Draft,
            To = [.. value.To],
            Groups = [.. value.Groups],
            Except = [.. value.Except],
        };
    }
}
