namespace Mailbox.Storage;

/// <param name="Size">Bytes of the body.</param>
/// <param name="Expires">As <see cref="ExpiryTick"/>.</param>
readonly record struct MessageSummary(int Size, uint Expires, string? Topic);
