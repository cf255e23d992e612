namespace Mailbox.Proof.Load;

/// <summary>What came of one attempt at a deed.</summary>
/// <param name="Text">The answer, or why there is none.</param>
/// <param name="RetryAfter">The next is not to come earlier, as the server said.</param>
readonly record struct Attempt(AttemptEnd End, string Text, TimeSpan RetryAfter = default);
