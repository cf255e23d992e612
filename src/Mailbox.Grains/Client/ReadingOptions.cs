namespace Mailbox.Grains;

/// <summary>How a backend reads a mailbox. Each property checks its value when it is set.</summary>
public sealed record ReadingOptions
{
    const int MostMessages = 1000;

    internal static ReadingOptions Default { get; } = new();

    /// <summary>The last that the reader has; it goes on behind. Acknowledges nothing by itself. Null: see <see cref="From"/>.</summary>
    public Position? After { get; init; }

    /// <summary>Where a reader without a position begins. The oldest kept is what nobody has acknowledged: a backend that died goes on there.</summary>
    public StartFrom From { get; init; } = StartFrom.Oldest;

    /// <summary>
    /// True: what was handed out is acknowledged when the loop has come back for the next page. False: nothing is but by
    /// <see cref="MailboxClient.AcknowledgeAsync"/>.
    /// </summary>
    public bool AcknowledgesByReading { get; init; } = true;

    /// <summary>The most messages that are fetched at once, and come again after a crash of the reader; 1 to 1,000.</summary>
    public int PageMessages
    {
        get;
        init => field = value is >= 1 and <= MostMessages ? value
            : throw new ArgumentOutOfRangeException(nameof(PageMessages), value, "A page has 1 to 1,000 messages.");
    } = 100;
}
