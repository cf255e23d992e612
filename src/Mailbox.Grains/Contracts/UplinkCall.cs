namespace Mailbox.Grains;

/// <summary>What a client tells the backend.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.UplinkCall")]
public sealed class UplinkCall(UplinkRequest request)
{
    [Id(0)]
    public UplinkRequest Request { get; } = request;
}
