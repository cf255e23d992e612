namespace Mailbox.Proof.Deeds;

/// <summary>Something that a backend asked for, repeated until it was answered.</summary>
abstract class Deed
{
    /// <summary>How long what was given up may still come to pass: nothing in the grid waits longer for another process.</summary>
    static readonly TimeSpan s_late = TimeSpan.FromSeconds(30);

    public TimeSpan Begun { get; set; }

    public TimeSpan? Answered { get; set; }

    /// <summary>When the last attempt was given up of which nothing was heard.</summary>
    public TimeSpan? GivenUp { get; set; }

    public int Attempts { get; set; }

    public bool Refused { get; set; }

    /// <summary>Asked for by a client of the cluster, not over HTTP.</summary>
    public bool IsByGridClient { get; set; }

    /// <summary>From when on it cannot be under way any more, not even by an attempt that was given up.</summary>
    public TimeSpan Settled => Answered is not { } answered ? TimeSpan.MaxValue
        : GivenUp is { } givenUp && givenUp + s_late > answered ? givenUp + s_late
        : answered;

    /// <summary>What repeats of a delivery cannot change, because they carry its key: its place was taken before the answer.</summary>
    public TimeSpan Done => Answered ?? TimeSpan.MaxValue;

    /// <summary>When and how it was asked for.</summary>
    public string Times =>
        $"from {Begun.TotalSeconds:0.000} to {Answered?.TotalSeconds:0.000} s {(IsByGridClient ? "in .NET" : "over HTTP")}, attempts: {Attempts}";
}
