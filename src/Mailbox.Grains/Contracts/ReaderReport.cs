namespace Mailbox.Grains;

/// <summary>What a gateway says of one reader.</summary>
/// <param name="Written">Everything up to here is flushed to the connection.</param>
[GenerateSerializer, Immutable, Alias("mailbox.ReaderReport")]
readonly record struct ReaderReport(
    [property: Id(0)] AttachmentKey Key, [property: Id(1)] Position Written, [property: Id(2)] bool IsClosed);
