namespace Mailbox.Proof.Reading;

/// <summary>A message as a reader got it.</summary>
readonly record struct Sighting(Position Position, string Body, TimeSpan At);
