namespace Mailbox.Grains;

/// <summary>How a backend calls the grid. Each property checks its value when it is set.</summary>
public sealed class MailboxGridOptions
{
    /// <summary>How long a call is repeated while nobody can answer it: 1 s to 5 min. A silo that is gone is replaced within about 8 s.</summary>
    public TimeSpan Deadline
    {
        get;
        set => field = value >= TimeSpan.FromSeconds(1) && value <= TimeSpan.FromMinutes(5) ? value
            : throw new ArgumentOutOfRangeException(nameof(Deadline), value, "A deadline is 1 second to 5 minutes.");
    } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long the start of a client looks for a silo before it fails with <see cref="MailboxUnavailableException"/>: 1 s or more. By
    /// default it looks until it finds one; the log tells once that it does.
    /// </summary>
    public TimeSpan ConnectWithin
    {
        get;
        set => field = value >= TimeSpan.FromSeconds(1) || value == Timeout.InfiniteTimeSpan ? value
            : throw new ArgumentOutOfRangeException(nameof(ConnectWithin), value, "A silo is looked for for 1 second or longer.");
    } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// True: a draft without an idempotency key is given one of 16 bytes, so that it can be repeated when its answer was lost. The grid
    /// remembers it for <see cref="Deadline"/> and ten seconds, in about 100 bytes, and lets such keys take half of
    /// <see cref="Engine.EngineOptions.MaxKeys"/>; what is delivered beyond goes without. False: what may have been stored is not repeated.
    /// </summary>
    public bool MakesKeys { get; set; } = true;
}
