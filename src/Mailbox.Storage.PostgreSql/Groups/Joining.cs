using Mailbox.Engine;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Who is in a group (spec G2, G3): any number of names in two exchanges.</summary>
sealed class Joining(NumberBlocks numbers)
{
    // First, in a statement of its own: it waits for whoever moves a deadline.
    const string LockDue = "SELECT FROM mailboxes WHERE name = ANY ($1) AND NOT held AND deadline <= $2 ORDER BY name FOR UPDATE";

    const string RemoveDue = """
        WITH gone AS (DELETE FROM mailboxes WHERE name = ANY ($1) AND NOT held AND deadline <= $2 RETURNING name, epoch),
        entries_gone AS (DELETE FROM entries e USING gone g WHERE e.epoch = g.epoch),
        holes_gone AS (DELETE FROM holes h USING gone g WHERE h.epoch = g.epoch)
        SELECT name FROM gone
        """;

    const string Existing = "SELECT name FROM mailboxes WHERE name = ANY ($1)";

    const string Make = """
        INSERT INTO mailboxes (name, epoch, fence, idle, overflow, max_messages, max_bytes, deadline)
        SELECT t.name, t.epoch, nextval('fences'), $3, $4, $5, $6, $7 FROM unnest($1, $2) AS t (name, epoch) ON CONFLICT DO NOTHING
        RETURNING name
        """;

    const string Join = """
        INSERT INTO members (group_name, mailbox, epoch) SELECT $1, b.name, b.epoch FROM unnest($2) AS t (name) JOIN mailboxes b ON b.name = t.name
        ON CONFLICT DO NOTHING
        """;

    const string Leave = "DELETE FROM members WHERE group_name = $1 AND mailbox = ANY ($2)";
    const string Count = "SELECT count(*) FROM members WHERE group_name = $1";

    public async Task<ChangedMembers> ChangeAsync(NpgsqlConnection connection, MembersChange change, CancellationToken cancel)
    {
        var (isRepeat, expired, existing) = await LookAsync(connection, change, cancel).ConfigureAwait(false);
        string[] add = isRepeat ? [] : change.Add, remove = isRepeat ? [] : change.Remove;
        await using var batch = connection.CreateBatch();
        AddMaking(batch, [.. add.Except(existing)], change);
        batch.Add(Join, change.Group, add);
        batch.Add(Leave, change.Group, remove);
        batch.Add(Count, change.Group);
        List<string> made;
        int count;
        await using (var reader = await batch.ExecuteReaderAsync(cancel).ConfigureAwait(false))
        {
            made = await ReadNamesAsync(reader, cancel).ConfigureAwait(false);
            await reader.ReadAsync(cancel).ConfigureAwait(false);
            count = (int)reader.GetInt64(0);
        }
        var (added, removed) = (batch.BatchCommands[1].RecordsAffected, batch.BatchCommands[2].RecordsAffected);
        var changed = new ChangedMembers(
            new(Outcome.Stored, added, removed, count), expired.ConvertAll(MailboxName.Parse), made.ConvertAll(MailboxName.Parse));
        await TellAsync(connection, changed, change.Now, cancel).ConfigureAwait(false);
        return changed;
    }

    static async Task TellAsync(NpgsqlConnection connection, ChangedMembers changed, DateTimeOffset now, CancellationToken cancel)
    {
        var events = changed.Expired.Select(name => new MailboxEvent(name, MailboxEventKind.Expired, now))
            .Concat(changed.Made.Select(name => new MailboxEvent(name, MailboxEventKind.Opened, now)));
        await using var batch = connection.CreateBatch();
        Telling.AddTo(batch, events.Where(static happened => MailboxEvents.IsTold(happened)));
        if (batch.BatchCommands.Count > 0) await batch.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
    }

    /// <summary>Removes those that are due, and tells which are left.</summary>
    static async Task<(bool IsRepeat, List<string> Expired, List<string> Existing)> LookAsync(
        NpgsqlConnection connection, MembersChange change, CancellationToken cancel)
    {
        var now = change.Now.ToUnixTimeMilliseconds();
        await using var batch = connection.CreateBatch();
        OnceOnly.AddTo(batch, change.Key, change.Now);
        batch.Add(LockDue, change.Add, now);
        batch.Add(RemoveDue, change.Add, now);
        batch.Add(Existing, (object)change.Add);
        List<string> expired, existing;
        await using (var reader = await batch.ExecuteReaderAsync(cancel).ConfigureAwait(false))
        {
            await reader.NextResultAsync(cancel).ConfigureAwait(false);
            expired = await ReadNamesAsync(reader, cancel).ConfigureAwait(false);
            existing = await ReadNamesAsync(reader, cancel).ConfigureAwait(false);
        }
        return (OnceOnly.IsRepeat(batch, change.Key), expired, existing);
    }

    static async Task<List<string>> ReadNamesAsync(NpgsqlDataReader reader, CancellationToken cancel)
    {
        var names = new List<string>();
        while (await reader.ReadAsync(cancel).ConfigureAwait(false)) names.Add(reader.GetString(0));
        await reader.NextResultAsync(cancel).ConfigureAwait(false);
        return names;
    }

    void AddMaking(NpgsqlBatch batch, string[] names, MembersChange change)
    {
        var options = change.Defaults;
        batch.Add(
            Make, names, Array.ConvertAll(names, _ => numbers.Next()),
            options.Idle.Ticks, (short)options.Overflow, options.MaxMessages, options.MaxBytes,
            (change.Now + options.Idle).ToUnixTimeMilliseconds());
    }
}
