using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Station 6: a held response that never ends by itself; its transport frames what the reader gives.</summary>
class StreamConnection(HeldConnections held, HttpContext http, StreamTransport transport) : HeldConnection(held, http)
{
    bool _hasBegun;
    bool _owesFlush;

    public override TransportKind Kind => transport.Kind;

    protected override bool Step(Work work)
    {
        if (!_hasBegun)
        {
            transport.Begin(Writer, Reader.Position);
            _hasBegun = _owesFlush = true;
        }
        if ((work & Work.Answer) != 0) _owesFlush |= WriteAnswers();
        if (IsLast) return FlushOwed();
        var (status, taken) = (work & Work.Read) != 0 ? WriteReceived() : (ReadStatus.Empty, 0);
        var closing = ClosingOf(status, work);
        if (closing is null && status == ReadStatus.Cold && taken == 0)
        {
            Load();
            return false;
        }
        if ((work & Work.Due) != 0) transport.Heartbeat(Writer);
        if (closing is not null)
        {
            transport.Close(Writer, closing);
            Held.Metrics.Ended(closing.Ending);
            IsLast = true;
        }
        else if (status != ReadStatus.Empty) Post(Work.Read);
        _owesFlush |= taken > 0 || (work & Work.Due) != 0 || IsLast;
        return !_owesFlush || FlushOwed();
    }

    (ReadStatus Status, int Taken) WriteReceived()
    {
        var received = Received;
        var status = Reader.Drain(received);
        foreach (var one in received)
            if (one.Message is { } message) transport.Message(Writer, one.Position, message);
            else transport.Gap(Writer, one.Gap!);
        var taken = received.Count;
        Held.Metrics.Written(taken);
        received.Clear();
        return (status, taken);
    }

    bool FlushOwed()
    {
        _owesFlush = false;
        return Flush();
    }

    /// <summary>Writes the answers to the client's frames, where the transport takes some.</summary>
    /// <returns>Whether there were any.</returns>
    protected virtual bool WriteAnswers() => false;

    /// <summary>Why the connection ends now; null where it does not.</summary>
    protected virtual Closing? ClosingOf(ReadStatus status, Work work) => EndingOf(status, work) is { } ending ? Closing.Of(ending) : null;
}
