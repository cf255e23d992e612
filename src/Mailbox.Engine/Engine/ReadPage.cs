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

    /// <returns>Null where the page has not asked for it, or the store no longer has it.</returns>
    public Message? Find(long sequence) => Array.BinarySearch(sequences, sequence) is >= 0 and var index ? messages[index] : null;

    public bool HasAskedFor(long sequence) => Array.BinarySearch(sequences, sequence) >= 0;
}
