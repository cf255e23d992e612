namespace Mailbox.Grains;

/// <summary>Something that was pushed to a reader.</summary>
readonly record struct Pushed(Position Before, Received Received, Ending? Ending);
