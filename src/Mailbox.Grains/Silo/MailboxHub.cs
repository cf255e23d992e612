using Mailbox.Engine;
using Microsoft.Extensions.Logging;
using Orleans.Concurrency;

namespace Mailbox.Grains;

/// <summary>Passes on to the engine what gateways and groups say of many mailboxes at once.</summary>
[Reentrant]
sealed class MailboxHub(GrainId id, Silo silo, ILoggerFactory log, Outboxes outboxes, MailboxEngine engine)
    : GrainService(id, silo, log), IMailboxHub
{
    public Task Report(GatewayReport report)
    {
        outboxes.Report(report);
        return Task.CompletedTask;
    }

    public Task<AuditAnswer> Audit(AuditRequest request) => Task.FromResult(outboxes.Audit(request));

    public async Task<byte[]> SendPart(SendPart part)
    {
        var outcomes = await OwnPart.StoreAsync(engine, new(part.Send, part.Message, part.Idle), part.Members);
        return Array.ConvertAll(outcomes, static outcome => (byte)outcome);
    }
}
