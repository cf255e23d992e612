using Orleans.Services;

namespace Mailbox.Grains;

/// <summary>The one in each mailbox silo that gateways and groups talk to about many mailboxes at once.</summary>
[Alias("mailbox.IMailboxHub")]
interface IMailboxHub : IGrainService
{
    /// <summary>Station 9 backwards: what was written to connections, and which have gone.</summary>
    [Alias("report"), ResponseTimeout("00:00:03")]
    Task Report(GatewayReport report);

    /// <summary>Compares what both sides believe to be attached.</summary>
    [Alias("audit"), ResponseTimeout("00:00:03")]
    Task<AuditAnswer> Audit(AuditRequest request);

    /// <summary>A part of a group send.</summary>
    /// <returns>A <see cref="Engine.PartOutcome"/> for each member.</returns>
    [Alias("send-part"), ResponseTimeout("00:00:10")]
    Task<byte[]> SendPart(SendPart part);
}
