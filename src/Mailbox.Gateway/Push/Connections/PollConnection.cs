using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Station 6: a parked long-poll. It ends when there is something to read, when its wait is over, when its reader has ended or the process
/// drains, or when the client left.
/// </summary>
class PollConnection(HeldConnections held, HttpContext http) : HeldConnection(held, http)
{
    public override TransportKind Kind => TransportKind.Poll;

    protected override bool HasOneAnswer => true;

    /// <summary>The highest accepted number of the client's messages; null where the answer does not tell it.</summary>
    protected virtual long? Uplink => null;

    protected override bool Step(Work work)
    {
        var start = Reader.Position;
        var taken = Received;
        var status = Reader.Drain(taken);
        var ending = EndingOf(status, work);
        if (taken.Count == 0 && ending is null && (work & Work.Due) == 0)
        {
            if (status != ReadStatus.Cold) return true;
            Load();
            return false;
        }
        Held.Metrics.Written(taken.Count);
        if (ending is not null) Held.Metrics.Ended(ending.Value);
        PollTransport.Write(Http, start, taken, ending is null ? null : ClosingOf(ending.Value), Uplink);
        taken.Clear();
        IsLast = true;
        return Flush();
    }

    protected virtual Closing? ClosingOf(Ending ending) => Closing.Of(ending);
}

/// <summary>
/// Station 6: a parked exchange. It ends as a poll does, and also when a newer exchange of its client takes its place: then its answer has a
/// position, and no <c>closed</c> that would tell the client to stop.
/// </summary>
sealed class ExchangeConnection(HeldConnections held, HttpContext http, ExchangeBody body) : PollConnection(held, http)
{
    long _uplink;

    public override TransportKind Kind => TransportKind.Exchange;

    protected override long? Uplink => Volatile.Read(ref _uplink);

    /// <summary>Raises the number up to which the client's messages are accepted, by this exchange or by a newer one. Safe from any thread.</summary>
    public void Accept(long highest)
    {
        long before;
        do before = Volatile.Read(ref _uplink);
        while (before < highest && Interlocked.CompareExchange(ref _uplink, highest, before) != before);
    }

    protected override Closing? ClosingOf(Ending ending) => ending == Ending.Replaced ? null : base.ClosingOf(ending);

    // A client without a position repeats a lost answer without one: the unread mark stays until it comes with a position.
    protected override void NoteWritten()
    {
        if (body.After is not null) base.NoteWritten();
    }
}

/// <summary>The exchanges that are parked here, at most one of a client, so that the older one's answer confirms a newer one's messages. Safe from any thread.</summary>
sealed class ParkedExchanges
{
    readonly ConcurrentDictionary<(MailboxName Mailbox, string Client), ExchangeConnection> _parked = new();

    /// <summary>Tells the client's parked exchange, if any, what has been accepted.</summary>
    public void Accept(MailboxName mailbox, string client, long highest)
    {
        if (_parked.TryGetValue((mailbox, client), out var parked)) parked.Accept(highest);
    }

    public void Park(MailboxName mailbox, string client, ExchangeConnection exchange) => _parked[(mailbox, client)] = exchange;

    public void Leave(MailboxName mailbox, string client, ExchangeConnection exchange) => _parked.TryRemove(new((mailbox, client), exchange));
}
