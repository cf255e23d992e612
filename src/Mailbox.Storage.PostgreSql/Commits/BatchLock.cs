using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// The first exchange of a commit: locks the rows of the mailboxes in the order of their names, finds out which are still ours, removes those
/// that the batch removes and makes those that it makes. Whoever takes a mailbox meanwhile waits for the end of the transaction, or has
/// raised the fence before.
/// </summary>
static class BatchLock
{
    // Not FOR UPDATE: a membership that is being added refers to the row and need not wait.
    const string Lock = "SELECT fence FROM mailboxes WHERE name = ANY ($1) ORDER BY name FOR NO KEY UPDATE";

    const string Remove = "DELETE FROM mailboxes m USING unnest($1, $2) AS t (name, fence) WHERE m.name = t.name AND m.fence = t.fence";

    const string Make = """
        INSERT INTO mailboxes (name, epoch, fence, owner, idle, overflow, max_messages, max_bytes, deadline)
        SELECT t.name, t.epoch, nextval('fences'), $8, t.idle, t.overflow, t.max_messages, t.max_bytes, t.deadline
        FROM unnest($1, $2, $3, $4, $5, $6, $7) AS t (name, epoch, idle, overflow, max_messages, max_bytes, deadline)
        ON CONFLICT DO NOTHING RETURNING epoch, fence
        """;

    public static void Take(NpgsqlConnection connection, CommitPlan plan, string owner)
    {
        var stored = plan.Mailboxes.FindAll(static m => m.Made is null);
        var made = plan.Mailboxes.FindAll(static m => m.Made is not null && !m.IsGone);
        var gone = stored.FindAll(m => m.IsGone && plan.Batch.Fenced?.Contains(m.Handle) != true);
        if (stored.Count + made.Count > 0) Run(connection, (stored, gone, made), owner);
        foreach (var mailbox in plan.Mailboxes)
            if (mailbox.Made is not null && mailbox.IsGone) mailbox.IsOurs = true;
            else if (!mailbox.IsOurs || plan.Batch.Fenced?.Contains(mailbox.Handle) == true) Refuse(plan, mailbox);
    }

    static void Refuse(CommitPlan plan, PlannedMailbox mailbox)
    {
        mailbox.IsOurs = false;
        plan.Refuse(mailbox.Handle);
    }

    static void Run(
        NpgsqlConnection connection, (List<PlannedMailbox> Stored, List<PlannedMailbox> Gone, List<PlannedMailbox> Made) mailboxes, string owner)
    {
        var (stored, gone, made) = mailboxes;
        using var batch = connection.CreateBatch();
        if (stored.Count > 0) batch.Add(Lock, stored.ConvertAll(static m => m.Name));
        if (gone.Count > 0) batch.Add(Remove, gone.ConvertAll(static m => m.Name), gone.ConvertAll(static m => m.Handle.Fence));
        if (made.Count > 0) AddMaking(batch, made, owner);
        using var reader = batch.ExecuteReader();
        if (stored.Count > 0)
        {
            ReadFences(reader, stored);
            reader.NextResult();
        }
        if (made.Count > 0) ReadMade(reader, made);
        while (reader.NextResult()) { }
    }

    static void AddMaking(NpgsqlBatch batch, List<PlannedMailbox> made, string owner) => batch.Add(
        Make,
        made.ConvertAll(static m => m.Name),
        made.ConvertAll(static m => (long)m.Handle.Epoch),
        made.ConvertAll(static m => m.Made!.Options.Idle.Ticks),
        made.ConvertAll(static m => (short)m.Made!.Options.Overflow),
        made.ConvertAll(static m => m.Made!.Options.MaxMessages),
        made.ConvertAll(static m => m.Made!.Options.MaxBytes),
        made.ConvertAll(static m => m.Made!.Deadline),
        owner);

    // No two rows ever have the same fence.
    static void ReadFences(NpgsqlDataReader reader, List<PlannedMailbox> stored)
    {
        var fences = new HashSet<long>(stored.Count);
        while (reader.Read()) fences.Add(reader.GetInt64(0));
        foreach (var mailbox in stored) mailbox.IsOurs = fences.Contains(mailbox.Handle.Fence);
    }

    static void ReadMade(NpgsqlDataReader reader, List<PlannedMailbox> made)
    {
        var fences = new Dictionary<long, long>(made.Count);
        while (reader.Read()) fences.Add(reader.GetInt64(0), reader.GetInt64(1));
        foreach (var mailbox in made)
        {
            mailbox.IsOurs = fences.TryGetValue((long)mailbox.Handle.Epoch, out var fence);
            if (mailbox.IsOurs) mailbox.Handle.Fence = fence;
        }
    }
}
