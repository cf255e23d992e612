using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>Station 6: a held response that never ends by itself; its transport frames what the reader gives.</summary>
sealed class StreamConnection(HeldConnections held, HttpContext http, StreamTransport transport) : HeldConnection(held, http)
{
    bool _begun;
    bool _owesFlush;

    public override TransportKind Kind => transport.Kind;

    protected override bool Step(Work work)
    {
        if (!_begun) Begin();
        var (status, taken) = (work & Work.Read) != 0 ? Take() : (ReadStatus.Empty, 0);
        var ending = EndingOf(status, work);
        if (ending is null && status == ReadStatus.Cold && taken == 0) return LoadFirst();
        if ((work & Work.Due) != 0) transport.Heartbeat(Writer);
        if (ending is not null) End(ending.Value);
        else if (status != ReadStatus.Empty) Post(Work.Read);
        _owesFlush |= taken > 0 || (work & Work.Due) != 0 || IsLast;
        return !_owesFlush || FlushOwed();
    }

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

    void End(Ending ending)
    {
        transport.Close(Writer, Closing.Of(ending));
        Held.Metrics.Ended(ending);
        IsLast = true;
    }
}
