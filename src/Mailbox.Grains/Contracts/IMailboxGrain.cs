namespace Mailbox.Grains;

/// <summary>
/// The owner of one mailbox; its key is the mailbox's name. Backends use the client, which retries. Answers are as
/// those of <see cref="IMailboxGrid"/>; <see cref="Outcome.NotOwner"/> means that the mailbox has just moved: ask again.
/// </summary>
[Alias("mailbox.IMailboxGrain")]
public interface IMailboxGrain : IGrainWithStringKey
{
    [Alias("deliver"), ResponseTimeout("00:00:05")]
    Task<DeliverResult> Deliver(Delivery delivery);

    /// <summary>In order.</summary>
    /// <returns>One for each.</returns>
    [Alias("deliver-many"), ResponseTimeout("00:00:10")]
    Task<DeliverResult[]> DeliverMany(Deliveries deliveries);

    [Alias("acknowledge"), ResponseTimeout("00:00:05")]
    Task<AcknowledgeOutcome> Acknowledge(Position position);

    [Alias("set-options"), ResponseTimeout("00:00:05")]
    Task<Outcome> SetOptions(MailboxOptionsChange change);

    [Alias("describe"), ResponseTimeout("00:00:05")]
    Task<Description> Describe();

    [Alias("remove"), ResponseTimeout("00:00:05")]
    Task<Outcome> Remove();

    [Alias("delete-message"), ResponseTimeout("00:00:05")]
    Task<Outcome> DeleteMessage(Position position);

    [Alias("uplink"), ResponseTimeout("00:00:10")]
    Task<UplinkResult> Uplink(UplinkCall call);

    /// <summary>A page of what comes after a position; waits a while where there is nothing.</summary>
    [Alias("read"), ResponseTimeout("00:00:08")]
    Task<ReadAnswer> Read(ReadRequest request, CancellationToken cancel);

    /// <summary>Opens the mailbox for a gateway, which is from then on pushed what comes.</summary>
    [Alias("attach"), ResponseTimeout("00:00:05")]
    Task<Attached> Attach(AttachRequest request);
}
