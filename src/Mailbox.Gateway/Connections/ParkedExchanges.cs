using System.Collections.Concurrent;

namespace Mailbox.Gateway;

/// <summary>The exchanges that are parked here, one of a client at most, so that a newer one's messages are confirmed by the older one's answer.</summary>
sealed class ParkedExchanges
{
    readonly ConcurrentDictionary<(MailboxName Mailbox, string Client), ExchangeConnection> _parked = new();

    /// <summary>Tells the one that is parked, if any, what has been accepted of its client.</summary>
    public void Accept(MailboxName mailbox, string client, long highest)
    {
        if (_parked.TryGetValue((mailbox, client), out var parked)) parked.Accept(highest);
    }

    public void Park(MailboxName mailbox, string client, ExchangeConnection exchange) => _parked[(mailbox, client)] = exchange;

    public void Leave(MailboxName mailbox, string client, ExchangeConnection exchange) => _parked.TryRemove(new((mailbox, client), exchange));
}
