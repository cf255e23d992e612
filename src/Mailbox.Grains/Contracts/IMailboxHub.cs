using Orleans.Services;

namespace Mailbox.Grains;

/// <summary>The one in each mailbox silo that gateways and other silos talk to about many mailboxes at once.</summary>
[Alias("mailbox.IMailboxHub")]
interface IMailboxHub : IGrainService
{
    /// <summary>Station 9 backwards: what was written to connections, and which have gone.</summary>
    [Alias("report"), ResponseTimeout("00:00:03")]
    Task Report(GatewayReport report);

    /// <summary>Compares what both sides believe to be attached.</summary>
    [Alias("audit"), ResponseTimeout("00:00:03")]
    Task<AuditAnswer> Audit(AuditRequest request);

    /// <summary>Operations for partitions of this silo, in order.</summary>
    [Alias("apply"), ResponseTimeout("00:00:10")]
    Task<PassedParts> Apply(PassedParts operations);

    /// <summary>Members of a group in this silo's partitions.</summary>
    [Alias("group-part"), ResponseTimeout("00:00:03")]
    Task<NamesPart> GroupPart(GroupName group, string? after, int limit);

    /// <summary>Mailboxes in this silo's partitions.</summary>
    [Alias("list"), ResponseTimeout("00:00:05")]
    Task<NamesPart> List(string? after, int limit);
}

/// <summary>Operations between partitions, or their answers, as the engine writes them.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.PassedParts")]
sealed class PassedParts(byte[]?[] parts)
{
    [Id(0)]
    public byte[]?[] Parts { get; } = parts;
}

/// <summary>Names in some partitions, in ordinal order.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.NamesPart")]
sealed class NamesPart(int[] partitions, int count, MailboxName[] names, string? next)
{
    /// <summary>The partitions that were looked at.</summary>
    [Id(0)]
    public int[] Partitions { get; } = partitions;

    [Id(1)]
    public int Count { get; } = count;

    [Id(2)]
    public MailboxName[] Names { get; } = names;

    [Id(3)]
    public string? Next { get; } = next;
}
