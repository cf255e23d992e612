using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

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
