namespace Mailbox.Storage.Journal;

/// <summary>
/// Tells an operator of each damaged place that a reader came upon, once: the reader is refused every time, because damage is never
/// skipped. Safe from any thread.
/// </summary>
sealed class DamageNotices(IJournalFiles files, Action<string>? notice)
{
    const int Most = 256;

    readonly HashSet<(string? File, long Offset)> _told = [];

    public void Tell(MailboxHandle mailbox, ReadOnlySpan<MailboxEntry<Location>> asked, JournalDamagedException damage)
    {
        lock (_told)
            if (_told.Count >= Most || !_told.Add((damage.File, damage.Offset))) return;
        notice?.Invoke($"{files.PathOf(damage.File!)} is damaged at offset {damage.Offset}. {Whose(mailbox, asked, damage.Offset)}");
    }

    static string Whose(MailboxHandle mailbox, ReadOnlySpan<MailboxEntry<Location>> asked, long offset)
    {
        foreach (ref readonly var entry in asked)
            if (entry.Body.Offset == offset)
                return $"It is message {new Position(mailbox.Epoch, entry.Sequence)} of mailbox {mailbox.Name}, whose readers wait until it is deleted.";
        return $"Mailbox {mailbox.Name} cannot be read until that message is deleted.";
    }
}
