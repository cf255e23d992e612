using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Bodies that a reader brought from the store; dropped once they are written.</summary>
sealed class ReadPage(long[] sequences, Message?[] messages)
{
    public static async ValueTask<ReadPage> LoadAsync(IMailboxStore store, MailboxHandle mailbox, long[] sequences, CancellationToken cancel)
    {
        var messages = new Message?[sequences.Length];
        if (sequences.Length > 0) await store.ReadAsync(mailbox, sequences, messages, cancel).ConfigureAwait(false);
        return new(sequences, messages);
    }

    /// <returns>Null where the page has not asked for it.</returns>
    /// <exception cref="StoreException">The store no longer has what the mailbox keeps.</exception>
    public Message? Find(long sequence)
    {
        var index = Array.BinarySearch(sequences, sequence);
        if (index < 0) return null;
        return messages[index] ?? throw new StoreException($"Message {sequence} is kept but not in the store.");
    }
}
