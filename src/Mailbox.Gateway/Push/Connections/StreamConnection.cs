using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Station 6: a held response that never ends by itself; its transport frames what the reader gives.</summary>
class StreamConnection(HeldConnections held, HttpContext http, StreamTransport transport) : HeldConnection(held, http)
{
    bool _begun;
    bool _owesFlush;

    public override TransportKind Kind => transport.Kind;

    protected override bool Step(Work work)
    {
        if (!_begun) Begin();
        if ((work & Work.Answer) != 0) _owesFlush |= WriteAnswers();
        if (IsLast) return FlushOwed();
        var (status, taken) = (work & Work.Read) != 0 ? Take() : (ReadStatus.Empty, 0);
        var closing = ClosingOf(status, work);
        if (closing is null && status == ReadStatus.Cold && taken == 0) return LoadFirst();
        if ((work & Work.Due) != 0) transport.Heartbeat(Writer);
        if (closing is not null) End(closing);
        else if (status != ReadStatus.Empty) Post(Work.Read);
        _owesFlush |= taken > 0 || (work & Work.Due) != 0 || IsLast;
        return !_owesFlush || FlushOwed();
    }

    /// <summary>Writes what answers the client, where the transport lets it speak.</summary>
    /// <returns>Whether there was something.</returns>
    protected virtual bool WriteAnswers() => false;

    /// <summary>Why the connection ends now; null where it does not.</summary>
    protected virtual Closing? ClosingOf(ReadStatus status, Work work) => EndingOf(status, work) is { } ending ? Closing.Of(ending) : null;

    void Begin()
    {
        transport.Begin(Writer, Reader.Position);
        _begun = _owesFlush = true;
    }

    bool FlushOwed()
    {
        _owesFlush = false;
        return Flush();
    }

    bool LoadFirst()
    {
        Load();
        return false;
    }

    (ReadStatus Status, int Taken) Take()
    {
        var taken = Received;
        var status = ReadInto(taken);
        foreach (var received in taken) Write(received);
        Held.Metrics.Written(taken.Count);
        var count = taken.Count;
        taken.Clear();
        return (status, count);
    }

    void Write(in Received received)
    {
        if (received.Message is { } message) transport.Message(Writer, received.Position, message);
        else transport.Gap(Writer, received.Gap!);
    }

    void End(Closing closing)
    {
        transport.Close(Writer, closing);
        Held.Metrics.Ended(closing.Ending);
        IsLast = true;
    }
}
