namespace Mailbox.Grains;

/// <summary>
/// Told to a subscriber's <c>OnErrorAsync</c>: events that it will not get, because it was away too long or another reads under its name.
/// What comes after goes on.
/// </summary>
public sealed class EventsMissedException : Exception
{
    internal EventsMissedException(Gap gap) : base($"Events from {gap.From} to {gap.To} were missed: {gap.Reason}.") => Gap = gap;

    public Gap Gap { get; }
}
