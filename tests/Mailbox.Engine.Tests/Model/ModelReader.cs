namespace Mailbox.Engine.Tests;

/// <summary>A connection as the specification sees it: where it is, and what it must be told next.</summary>
sealed class ModelReader(ModelMailbox mailbox, Line line, long start, long floor, Position? strange)
{
    readonly int _windowMessages = int.MaxValue;
    readonly long _connectedAt = mailbox.Tail;
    Position? _strange = strange;
    int _inFlight;

    public Line Line => line;

    public int WindowMessages { get => _windowMessages; init => _windowMessages = value; }

    public long Taken { get; private set; } = start;

    public long WrittenThrough { get; private set; } = Math.Max(start, floor);

    public bool HasEnded { get; set; }

    /// <summary>Everything it must get now, given its window: numbers of messages, and gaps as (first allowed, first, last, gravest).</summary>
    public void Expect(List<Received> received, long now)
    {
        var at = 0;
        if (_strange is { } old) ExpectEpoch(received[at++], old);
        while (Next(now) is var (message, missing) && (message is not null || missing.Count > 0))
        {
            if (message is not null && _inFlight >= _windowMessages) break;
            if (missing.Count > 0) ExpectGap(received[at++], missing);
            if (message is not null) ExpectMessage(received[at++], message);
        }
        Assert.Equal(at, received.Count);
    }

    public void Written()
    {
        _inFlight = 0;
        if (Taken <= WrittenThrough) return;
        mailbox.MarkWritten(WrittenThrough, Taken);
        WrittenThrough = Taken;
    }

    (ModelMessage? Message, List<ModelMessage> Missing) Next(long now)
    {
        var missing = new List<ModelMessage>();
        foreach (var message in mailbox.After(Taken))
        {
            if (message.Number > floor && message.IsReadable(now, _connectedAt)) return (message, missing);
            if (message.Number <= floor || message.Number <= mailbox.Trimmed || message.IsKept || message.Reason is not null) missing.Add(message);
        }
        return (null, missing);
    }

    void ExpectEpoch(Received received, Position old)
    {
        Assert.Equal(new Gap(old, mailbox.PositionOf(Taken), GapReason.Epoch), received.Gap);
        _strange = null;
    }

    void ExpectGap(Received received, List<ModelMessage> missing)
    {
        var gap = received.Gap;
        Assert.True(gap is not null, $"a gap to {missing[^1].Number} was expected, not {Line.Tell([received])}");
        Assert.Equal(received.Position, gap.To);
        Assert.Equal(missing[^1].Number, gap.To.Sequence);
        Assert.InRange(gap.From.Sequence, Taken, missing[0].Number - 1);
        Assert.InRange(gap.Reason, missing.Max(ReasonOf), GapReason.Lost);
        Taken = gap.To.Sequence;
    }

    GapReason ReasonOf(ModelMessage missing) =>
        missing.Number <= mailbox.Acknowledged ? GapReason.Acknowledged : missing.Reason ?? GapReason.Ttl;

    void ExpectMessage(Received received, ModelMessage message)
    {
        Assert.Equal(message.Body, Line.Tell([received]));
        Assert.Equal(mailbox.PositionOf(message.Number), received.Position);
        Taken = message.Number;
        message.IsSent = true;
        _inFlight++;
    }
}
