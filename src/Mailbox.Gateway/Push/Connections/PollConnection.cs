using System.Collections.Concurrent;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Station 6: a parked long-poll. It ends in four ways: there is something to read, its wait is over, its reader has ended or the process drains,
/// or the client left.
/// </summary>
class PollConnection(HeldConnections held, HttpContext http) : HeldConnection(held, http)
{
    public override TransportKind Kind => TransportKind.Poll;

    protected override bool HasOneAnswer => true;

    protected override bool Step(Work work)
    {
        var start = Reader.Position;
        var taken = Received;
        var status = ReadInto(taken);
        var ending = EndingOf(status, work);
        if (taken.Count == 0 && ending is null && (work & Work.Due) == 0) return Park(status);
        Answer(start, taken, ending);
        return Flush();
    }

    bool Park(ReadStatus status)
    {
        if (status != ReadStatus.Cold) return true;
        Load();
        return false;
    }

    void Answer(Position start, List<Received> taken, Ending? ending)
    {
        Held.Metrics.Written(taken.Count);
        if (ending is not null) Held.Metrics.Ended(ending.Value);
        Write(start, taken, ending is null ? null : ClosingOf(ending.Value));
        taken.Clear();
        IsLast = true;
    }

    protected virtual Closing? ClosingOf(Ending ending) => Closing.Of(ending);

    protected virtual void Write(Position start, List<Received> taken, Closing? closing) => PollTransport.Write(Http, start, taken, closing);
}

/// <summary>
/// Station 6: a parked exchange. It ends as a poll does, and when a newer one of its client takes its place: then it goes home with its
/// position, and nothing that would tell the client to stop.
/// </summary>
sealed class ExchangeConnection(HeldConnections held, HttpContext http, ExchangeBody body) : PollConnection(held, http)
{
    long _uplink;

    public override TransportKind Kind => TransportKind.Exchange;

    /// <summary>As much of what its client says has been accepted, be it by this exchange or by a newer one.</summary>
    public void Accept(long highest)
    {
        long before;
        do before = Volatile.Read(ref _uplink);
        while (before < highest && Interlocked.CompareExchange(ref _uplink, highest, before) != before);
    }

    protected override Closing? ClosingOf(Ending ending) => ending == Ending.Replaced ? null : base.ClosingOf(ending);

    protected override void Write(Position start, List<Received> taken, Closing? closing) =>
        PollTransport.Write(Http, start, taken, closing, Volatile.Read(ref _uplink));

    // Who has no position repeats a lost answer without one: the unread mark stays until the client comes with a position.
    protected override void NoteWritten()
    {
        if (body.After is not null) base.NoteWritten();
    }
}

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
