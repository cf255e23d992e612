namespace Mailbox.Grains;

/// <summary>Reports of a gateway, in order.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.GatewayReport")]
sealed class GatewayReport(string gateway, ReaderReport[] readers)
{
    [Id(0)]
    public string Gateway { get; } = gateway;

    [Id(1)]
    public ReaderReport[] Readers { get; } = readers;
}
