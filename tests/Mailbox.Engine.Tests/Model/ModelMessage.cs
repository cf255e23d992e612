namespace Mailbox.Engine.Tests;

/// <summary>What became of one number of a mailbox.</summary>
sealed class ModelMessage(long number, string body, string? topic, long expires, bool isVolatile, bool isImmediate)
{
    public long Number => number;

    public string Body => body;

    public string? Topic => topic;

    /// <summary>Unix time in seconds.</summary>
    public long Expires { get; private set; } = expires;

    public bool IsVolatile => isVolatile;

    /// <summary>Its time to live is zero: it is for who is connected when it comes.</summary>
    public bool IsImmediate => isImmediate;

    public bool IsKept { get; private set; } = true;

    /// <summary>Why it is gone, where readers are told.</summary>
    public GapReason? Reason { get; private set; }

    /// <summary>Gone without a trace, and next to a gap that may cover it.</summary>
    public bool IsCovered { get; set; }

    public bool IsSent { get; set; }

    public bool IsWritten { get; set; }

    public static ModelMessage Lost(long number)
    {
        var lost = new ModelMessage(number, "", null, 0, true, false);
        lost.Lose(GapReason.Lost);
        return lost;
    }

    /// <summary>Nobody who was connected when it came is any more.</summary>
    public void LoseTakers()
    {
        if (IsImmediate) Expires = 0;
    }

    public void Lose(GapReason? reason) => (IsKept, Reason) = (false, reason);

    /// <param name="connectedAt">The newest number when the reader connected.</param>
    public bool IsReadable(long now, long connectedAt) => IsKept && Expires > now && (!IsImmediate || Number > connectedAt);
}
