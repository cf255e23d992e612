namespace Mailbox.Grains;

/// <summary>Station 5 to 6: what a silo has for readers of one gateway. A message that many get is in it once.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.PushBatch")]
sealed class PushBatch(Message[] messages, PushItem[] items)
{
    [Id(0)]
    public Message[] Messages { get; } = messages;

    [Id(1)]
    public PushItem[] Items { get; } = items;
}
