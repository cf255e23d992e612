namespace Mailbox.Grains;

/// <summary>One reader of a gateway, as it is attached for the n-th time.</summary>
/// <param name="Id">Unique in the gateway's life.</param>
[GenerateSerializer, Immutable, Alias("mailbox.AttachmentKey")]
public readonly record struct AttachmentKey([property: Id(0)] long Id, [property: Id(1)] int Generation);
