namespace Mailbox.Storage;

/// <summary>An idempotency key in its scope, a mailbox's or a group's name, as the first 128 bits of a SHA-256 (spec M13).</summary>
public readonly record struct KeyId(UInt128 Hash);
