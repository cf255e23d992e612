using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Takes mailboxes, any number in one exchange: raises their fences, and reads all that is stored of them.</summary>
sealed class TakenMailboxes
{
    // First, in a statement of its own: it waits for whoever writes to them, and what follows sees what that stored.
    const string Lock = "SELECT name, $2 AND owner <> $3 FROM mailboxes WHERE name = ANY ($1) ORDER BY name FOR NO KEY UPDATE";

    const string Take = """
        UPDATE mailboxes SET fence = nextval('fences'), owner = $2 WHERE name = ANY ($1) AND (NOT $3 OR owner IS NULL OR owner = $2)
        RETURNING name, epoch, fence, idle, overflow, max_messages, max_bytes,
            tail, acknowledged, written, reserved, unsynced, deadline, held
        """;

    const string Entries = """
        SELECT e.epoch, e.sequence, e.size, e.expires, e.topic FROM mailboxes m JOIN entries e ON e.epoch = m.epoch
        WHERE m.name = ANY ($1) ORDER BY e.epoch, e.sequence
        """;

    const string Holes = """
        SELECT h.epoch, h.first, h.last, h.reason FROM mailboxes m JOIN holes h ON h.epoch = m.epoch
        WHERE m.name = ANY ($1) ORDER BY h.epoch, h.first
        """;

    const string Members = "SELECT epoch, group_name FROM members WHERE mailbox = ANY ($1) ORDER BY group_name";
    public const string KeyColumns = "SELECT hash, digest, expires, first, second, third, fourth FROM keys";

    readonly Dictionary<long, RecoveredMailbox> _byEpoch = [];

    TakenMailboxes()
    {
    }

    public IReadOnlyCollection<RecoveredMailbox> Mailboxes => _byEpoch.Values;

    /// <summary>Those that another owner has, where only the others were to be taken.</summary>
    public List<MailboxName> Left { get; } = [];

    public List<KeyValuePair<KeyId, RememberedKey>> Keys { get; } = [];

    public static async Task<TakenMailboxes> TakeAsync(NpgsqlDataSource source, string[] names, string owner, bool onlyUnowned)
    {
        var taken = new TakenMailboxes();
        await using var connection = await source.OpenConnectionAsync().ConfigureAwait(false);
        await using var batch = connection.CreateBatch();
        batch.Add(Lock, names, onlyUnowned, owner);
        batch.Add(Take, names, owner, onlyUnowned);
        batch.Add(Entries, (object)names);
        batch.Add(Holes, (object)names);
        batch.Add(Members, (object)names);
        batch.Add($"{KeyColumns} WHERE mailbox = ANY ($1)", (object)names);
        await using var reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        await taken.ReadAsync(reader).ConfigureAwait(false);
        return taken;
    }

    public static KeyValuePair<KeyId, RememberedKey> ReadKey(NpgsqlDataReader row) => new(
        KeyRows.FromGuid(row.GetGuid(0)),
        new(
            (ulong)row.GetInt64(1), (uint)row.GetInt64(2), (ulong)row.GetInt64(3), row.GetInt64(4), row.GetInt32(5), row.GetInt64(6)));

    async Task ReadAsync(NpgsqlDataReader reader)
    {
        Action<NpgsqlDataReader>[] results =
        [
            row =>
            {
                if (!row.IsDBNull(1) && row.GetBoolean(1)) Left.Add(MailboxName.Parse(row.GetString(0)));
            },
            row => _byEpoch.Add(row.GetInt64(1), new(row)),
            row => Find(row)?.ReadEntry(row),
            row => Find(row)?.ReadHole(row),
            row => Find(row)?.ReadGroup(row),
            row => Keys.Add(ReadKey(row)),
        ];
        foreach (var read in results)
        {
            while (await reader.ReadAsync().ConfigureAwait(false)) read(reader);
            await reader.NextResultAsync().ConfigureAwait(false);
        }
    }

    RecoveredMailbox? Find(NpgsqlDataReader row) => _byEpoch.GetValueOrDefault(row.GetInt64(0));
}
