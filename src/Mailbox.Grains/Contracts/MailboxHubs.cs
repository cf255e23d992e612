using Orleans.Runtime.Services;

namespace Mailbox.Grains;

/// <summary>The hub of each silo.</summary>
sealed class MailboxHubs(IServiceProvider services) : GrainServiceClient<IMailboxHub>(services)
{
    public IMailboxHub Of(SiloAddress silo) => GetGrainService(silo);
}
