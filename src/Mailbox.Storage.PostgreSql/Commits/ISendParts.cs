using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What a batch has to do with open group sends (spec G9). Called on the thread and in the transaction of the batch.</summary>
interface ISendParts
{
    /// <summary>
    /// Before anything else of the transaction: locks the sends, in order of their numbers, and adds to <paramref name="refused"/> the
    /// mailboxes whose part must not be done: those of sends that are not open, and those that were reported on before.
    /// </summary>
    void Lock(NpgsqlConnection connection, IReadOnlyList<SendPartDone> parts, HashSet<MailboxHandle> refused);

    /// <summary>Records what the parts did, but for the mailboxes that were fenced off.</summary>
    void Record(NpgsqlConnection connection, IReadOnlyList<SendPartDone> parts, IReadOnlySet<MailboxHandle> fenced);
}
