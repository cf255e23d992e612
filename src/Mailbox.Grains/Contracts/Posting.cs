namespace Mailbox.Grains;

/// <summary>One message for several targets.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.Posting")]
sealed class Posting(PostRequest post)
{
    [Id(0)]
    public PostRequest Post { get; } = post;
}
