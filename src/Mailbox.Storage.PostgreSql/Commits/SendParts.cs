using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What one attempt to commit a batch has to do with open group sends: each part is done with its messages, once (spec G9).</summary>
sealed class SendParts
{
    // Shared: the parts of a send are committed beside each other, and its end waits for all of them.
    const string LockSends = "SELECT id FROM sends WHERE id = ANY ($1) ORDER BY id FOR SHARE";

    const string Reported = "SELECT send, stored || refused FROM send_parts WHERE send = ANY ($1)";

    // Only the owner may refuse, and anybody may say that a mailbox is gone.
    const string Refusals = """
        SELECT t.epoch FROM unnest($1, $2) AS t (name, epoch) LEFT JOIN mailboxes m ON m.name = t.name AND m.epoch = t.epoch
        WHERE m.name IS NULL OR m.owner = $3
        """;

    const string Insert = "INSERT INTO send_parts (send, stored, refused) VALUES ($1, $2, $3)";

    readonly Dictionary<long, HashSet<long>> _reported = [];
    readonly List<SendPartDone> _parts = [];

    SendParts()
    {
    }

    /// <summary>
    /// Before anything else of the transaction. Adds to <paramref name="refused"/> the mailboxes whose part must not be done: those of
    /// sends that are not open, and those that were reported on before.
    /// </summary>
    public static SendParts Lock(NpgsqlConnection connection, IReadOnlyList<SendPartDone> parts, HashSet<MailboxHandle> refused)
    {
        var locked = new SendParts();
        locked.ReadOpen(connection, [.. parts.Select(static part => part.Send).Distinct()]);
        foreach (var part in parts) locked.Claim(part, refused);
        return locked;
    }

    /// <summary>Records what the parts did, but for the mailboxes that were fenced off.</summary>
    public void Record(NpgsqlConnection connection, string owner, IReadOnlySet<MailboxHandle> fenced)
    {
        var refusals = FindRefusals(connection, owner);
        using var batch = connection.CreateBatch();
        foreach (var part in _parts)
        {
            var stored = part.Stored.Where(handle => !fenced.Contains(handle)).Select(static handle => (long)handle.Epoch).ToArray();
            var refused = part.Refused.Select(static member => (long)member.Epoch).Where(refusals.Contains).ToArray();
            if (stored.Length + refused.Length > 0) batch.Add(Insert, part.Send, stored, refused);
        }
        if (batch.BatchCommands.Count > 0) batch.ExecuteNonQuery();
    }

    void ReadOpen(NpgsqlConnection connection, long[] sends)
    {
        using var batch = connection.CreateBatch();
        batch.Add(LockSends, sends);
        batch.Add(Reported, sends);
        using var reader = batch.ExecuteReader();
        while (reader.Read()) _reported[reader.GetInt64(0)] = [];
        reader.NextResult();
        while (reader.Read())
            if (_reported.TryGetValue(reader.GetInt64(0), out var reported)) reported.UnionWith(reader.GetFieldValue<long[]>(1));
    }

    void Claim(SendPartDone part, HashSet<MailboxHandle> refused)
    {
        var reported = _reported.GetValueOrDefault(part.Send);
        foreach (var handle in part.Stored)
            if (reported?.Add((long)handle.Epoch) != true) refused.Add(handle);
        if (reported is not null) _parts.Add(part with { Refused = [.. part.Refused.Where(member => reported.Add((long)member.Epoch))] });
    }

    HashSet<long> FindRefusals(NpgsqlConnection connection, string owner)
    {
        var members = _parts.SelectMany(static part => part.Refused).ToList();
        if (members.Count == 0) return [];
        using var batch = connection.CreateBatch();
        batch.Add(Refusals, members.ConvertAll(static m => m.Mailbox.ToString()), members.ConvertAll(static m => (long)m.Epoch), owner);
        using var reader = batch.ExecuteReader();
        var epochs = new HashSet<long>();
        while (reader.Read()) epochs.Add(reader.GetInt64(0));
        return epochs;
    }
}
