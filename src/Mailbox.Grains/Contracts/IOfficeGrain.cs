namespace Mailbox.Grains;

/// <summary>What is asked of any mailbox silo: key 0.</summary>
[Alias("mailbox.IOfficeGrain")]
interface IOfficeGrain : IGrainWithIntegerKey
{
    /// <summary>One message for several targets, where one engine owns them all.</summary>
    /// <returns>Null where it does not: the caller takes the post apart.</returns>
    [Alias("post"), ResponseTimeout("00:00:10")]
    Task<PostResult?> Post(Posting posting);

    /// <summary>Many deliveries, each by itself, where one engine owns all their mailboxes.</summary>
    /// <returns>One for each; null where silos own parts of the grid.</returns>
    [Alias("deliver-many"), ResponseTimeout("00:00:10")]
    Task<DeliverResult[]?> DeliverMany(DeliveryBatch batch);

    /// <returns>Null while the store cannot be read.</returns>
    [Alias("list"), ResponseTimeout("00:00:05")]
    Task<MailboxName[]?> List(string? after, int limit);

    [Alias("is-ready"), ResponseTimeout("00:00:03")]
    Task<bool> IsReady();

    /// <summary>Which silo owns which partition, as the silo that answers knows; nothing where there is one.</summary>
    [Alias("owners"), ResponseTimeout("00:00:03")]
    Task<SiloAddress?[]> Owners();
}
