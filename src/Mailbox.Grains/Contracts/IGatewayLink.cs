namespace Mailbox.Grains;

/// <summary>A gateway as silos see it. A call to a gateway that is gone gets no answer, so each has a short timeout.</summary>
[Alias("mailbox.IGatewayLink")]
interface IGatewayLink : IGrainObserver
{
    /// <summary>Station 5: one batch at a time from each silo.</summary>
    /// <returns>The attachments that the gateway does not have.</returns>
    [Alias("push"), ResponseTimeout("00:00:03")]
    Task<AttachmentKey[]> Push(PushBatch batch);
}
