namespace Mailbox.Grains;

/// <summary>A page that a reader without a connection of its own asks for.</summary>
/// <param name="wait">How long to wait for something, at most <see cref="MaxWait"/>.</param>
[GenerateSerializer, Immutable, Alias("mailbox.ReadRequest")]
public sealed class ReadRequest(OpenRequest open, TimeSpan wait)
{
    /// <summary>A call that waits longer would hold up the leaving of its silo.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    [Id(0)]
    public OpenRequest Open { get; } = open;

    [Id(1)]
    public TimeSpan Wait { get; } = wait;

    /// <summary>Asks only where the reader begins: nothing is taken and nothing waited for.</summary>
    [Id(2)]
    public bool PositionOnly { get; init; }
}
