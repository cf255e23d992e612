namespace Mailbox.Grains;

/// <summary>A message, a gap or an ending for one reader.</summary>
/// <param name="Before">The reader's position before it: if it has another one, something was lost between.</param>
/// <param name="Message">One more than its index in <see cref="PushBatch.Messages"/>; 0 for none.</param>
[GenerateSerializer, Immutable, Alias("mailbox.PushItem")]
readonly record struct PushItem(
    [property: Id(0)] AttachmentKey Key, [property: Id(1)] Position Before, [property: Id(2)] Position Position,
    [property: Id(3)] int Message, [property: Id(4)] Gap? Gap, [property: Id(5)] Ending? Ending);
