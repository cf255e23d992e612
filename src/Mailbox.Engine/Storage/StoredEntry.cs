namespace Mailbox.Storage;

/// <param name="Size">Bytes of the body.</param>
/// <param name="Expires">As <see cref="ExpiryTick"/>.</param>
public readonly record struct StoredEntry(long Sequence, int Size, uint Expires);
