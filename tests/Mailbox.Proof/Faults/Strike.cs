namespace Mailbox.Proof.Faults;

/// <summary>A fault that happened.</summary>
/// <param name="Ended">When every reader had a message again that was sent after it.</param>
sealed record Strike(string Kind, string Detail, TimeSpan Begun, TimeSpan Ended);
