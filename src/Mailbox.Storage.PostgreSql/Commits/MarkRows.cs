using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What a batch does to the mailboxes' own rows, and what goes with a mailbox or below its acknowledged mark.</summary>
static class MarkRows
{
    const string Update = """
        UPDATE mailboxes m SET tail = t.tail, acknowledged = t.acknowledged, written = t.written, reserved = t.reserved,
            unsynced = t.unsynced, deadline = t.deadline, held = t.held, owner = CASE WHEN t.released THEN NULL ELSE m.owner END
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
            AS t (name, tail, acknowledged, written, reserved, unsynced, deadline, held, released)
        WHERE m.name = t.name
        """;

    const string SetOptions = """
        UPDATE mailboxes m SET idle = t.idle, overflow = t.overflow, max_messages = t.max_messages, max_bytes = t.max_bytes
        FROM unnest($1, $2, $3, $4, $5) AS t (name, idle, overflow, max_messages, max_bytes) WHERE m.name = t.name
        """;

    const string TrimEntries = "DELETE FROM entries e USING unnest($1, $2) AS t (epoch, trim) WHERE e.epoch = t.epoch AND e.sequence <= t.trim";
    const string TrimHoles = "DELETE FROM holes h USING unnest($1, $2) AS t (epoch, trim) WHERE h.epoch = t.epoch AND h.last <= t.trim";
    const string DropEntries = "DELETE FROM entries WHERE epoch = ANY ($1)";
    const string DropHoles = "DELETE FROM holes WHERE epoch = ANY ($1)";

    public static void AddTo(NpgsqlBatch batch, List<PlannedMailbox> mailboxes)
    {
        AddTrims(batch, mailboxes.FindAll(static m => m.IsStored && m.Trim > 0));
        AddDrops(batch, mailboxes.FindAll(static m => m.IsOurs && m.IsGone && m.Made is null));
        AddMarks(batch, mailboxes.FindAll(static m => m.IsStored && m.HasNewMarks));
        AddOptions(batch, mailboxes.FindAll(static m => m.IsStored && m.Options is not null));
    }

    static void AddTrims(NpgsqlBatch batch, List<PlannedMailbox> mailboxes)
    {
        if (mailboxes.Count == 0) return;
        var (epochs, trims) = (mailboxes.ConvertAll(static m => (long)m.Handle.Epoch), mailboxes.ConvertAll(static m => m.Trim));
        batch.Add(TrimEntries, epochs, trims);
        batch.Add(TrimHoles, epochs, trims);
    }

    static void AddDrops(NpgsqlBatch batch, List<PlannedMailbox> mailboxes)
    {
        if (mailboxes.Count == 0) return;
        var epochs = mailboxes.ConvertAll(static m => (long)m.Handle.Epoch);
        batch.Add(DropEntries, epochs);
        batch.Add(DropHoles, epochs);
    }

    static void AddMarks(NpgsqlBatch batch, List<PlannedMailbox> mailboxes)
    {
        if (mailboxes.Count > 0) batch.Add(
            Update,
            mailboxes.ConvertAll(static m => m.Name),
            mailboxes.ConvertAll(static m => m.Marks.Tail),
            mailboxes.ConvertAll(static m => m.Marks.Acknowledged),
            mailboxes.ConvertAll(static m => m.Marks.Written),
            mailboxes.ConvertAll(static m => m.Marks.Reserved),
            mailboxes.ConvertAll(static m => m.Marks.Unsynced),
            mailboxes.ConvertAll(static m => m.Marks.Deadline),
            mailboxes.ConvertAll(static m => m.Marks.Held),
            mailboxes.ConvertAll(static m => m.IsReleased));
    }

    static void AddOptions(NpgsqlBatch batch, List<PlannedMailbox> mailboxes)
    {
        if (mailboxes.Count > 0) batch.Add(
            SetOptions,
            mailboxes.ConvertAll(static m => m.Name),
            mailboxes.ConvertAll(static m => m.Options!.Idle.Ticks),
            mailboxes.ConvertAll(static m => (short)m.Options!.Overflow),
            mailboxes.ConvertAll(static m => m.Options!.MaxMessages),
            mailboxes.ConvertAll(static m => m.Options!.MaxBytes));
    }
}
