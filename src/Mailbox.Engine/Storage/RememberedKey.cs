namespace Mailbox.Storage;

/// <summary>What was answered under an idempotency key (spec M13).</summary>
/// <param name="Digest">Of the message; another message under the same key is refused.</param>
/// <param name="Expires">Unix time in seconds at which it is forgotten.</param>
/// <param name="First">The epoch, or the members of a send.</param>
/// <param name="Second">The sequence, or the stored of a send.</param>
/// <param name="Third">The connections, or the refused of a send.</param>
/// <param name="Fourth">The mailbox's deadline in Unix milliseconds; 0 for a send.</param>
public readonly record struct RememberedKey(ulong Digest, uint Expires, ulong First, long Second, int Third, long Fourth);
