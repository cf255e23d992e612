namespace Mailbox.Storage;

/// <summary>The idempotency key of a group send (spec M13).</summary>
/// <param name="Expires">Unix time in seconds at which it is forgotten.</param>
public readonly record struct SendKey(KeyId Key, ulong Digest, uint Expires);
