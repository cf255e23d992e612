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
