namespace Mailbox.Engine;

/// <summary>What a mailbox holds.</summary>
static class Describing
{
    public static MailboxInfo? Describe(Batch batch, MailboxEngine engine, MailboxName name)
    {
        if (engine.Table.Find(name) is not { } mailbox) return null;
        lock (mailbox)
        {
            foreach (var ended in mailbox.Expired(batch.NowTick) ?? []) batch.RemoveMessage(mailbox, ended, GapReason.Ttl);
            var (state, marks) = (mailbox.State, mailbox.State.Marks);
            var first = state.Count > 0 ? state.Entries[0].Sequence : marks.Tail;
            return new(
                mailbox.PositionOf(first), mailbox.PositionOf(marks.Tail), mailbox.PositionOf(marks.Acknowledged), state.Count, state.Bytes,
                mailbox.Connections, state.Groups, DateTimeOffset.FromUnixTimeMilliseconds(Lifetime.Expires(batch, mailbox)), state.Options);
        }
    }
}
