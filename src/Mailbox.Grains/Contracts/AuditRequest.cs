namespace Mailbox.Grains;

/// <summary>What a gateway believes to be attached to a silo.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.AuditRequest")]
sealed class AuditRequest(string gateway, int count, ulong hash)
{
    [Id(0)]
    public string Gateway { get; } = gateway;

    [Id(1)]
    public int Count { get; } = count;

    /// <summary>Of all keys, in no order: <see cref="AuditHash"/>.</summary>
    [Id(2)]
    public ulong Hash { get; } = hash;

    /// <summary>Sent where the counts have differed before.</summary>
    [Id(3)]
    public AttachmentKey[]? Keys { get; init; }
}
