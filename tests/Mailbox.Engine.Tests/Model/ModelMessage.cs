namespace Mailbox.Engine.Tests;

/// <summary>What became of one number of a mailbox.</summary>
sealed class ModelMessage(long number, string body, string? topic, long expires, bool isVolatile)
{
    public long Number => number;

    public string Body => body;

    public string? Topic => topic;

    /// <summary>Unix time in seconds.</summary>
    public long Expires => expires;

    public bool IsVolatile => isVolatile;

    public bool IsKept { get; private set; } = true;

    /// <summary>Why it is gone, where readers are told.</summary>
    public GapReason? Reason { get; private set; }

    /// <summary>Gone without a trace, and next to a gap that may cover it.</summary>
    public bool IsCovered { get; set; }

    public bool IsSent { get; set; }

    public bool IsWritten { get; set; }

    public static ModelMessage Lost(long number)
    {
        var lost = new ModelMessage(number, "", null, 0, true);
        lost.Lose(GapReason.Lost);
        return lost;
    }

    public void Lose(GapReason? reason) => (IsKept, Reason) = (false, reason);

    public bool IsReadable(long now) => IsKept && Expires > now;
}
