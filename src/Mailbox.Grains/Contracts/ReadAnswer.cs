namespace Mailbox.Grains;

/// <summary>What a reader gets for a <see cref="ReadRequest"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.ReadAnswer")]
public sealed class ReadAnswer(OpenOutcome outcome)
{
    [Id(0)]
    public OpenOutcome Outcome { get; } = outcome;

    /// <summary>Where the reader is after it.</summary>
    [Id(1)]
    public Position Position { get; init; }

    [Id(2)]
    public PageItem[] Items { get; init; } = [];

    /// <summary>Why the reader has ended, if it has.</summary>
    [Id(3)]
    public Ending? Ending { get; init; }
}
