namespace Mailbox.Grains;

/// <summary>The answer to an <see cref="AttachRequest"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.Attached")]
public sealed class Attached(OpenOutcome outcome)
{
    [Id(0)]
    public OpenOutcome Outcome { get; } = outcome;

    /// <summary>Whose hub takes the reports.</summary>
    [Id(1)]
    public SiloAddress? Silo { get; init; }

    /// <summary>Where the reader begins.</summary>
    [Id(2)]
    public Position Start { get; init; }

    /// <summary>What there was at once; the rest is pushed.</summary>
    [Id(3)]
    public PageItem[] Items { get; init; } = [];

    [Id(4)]
    public Ending? Ending { get; init; }
}
