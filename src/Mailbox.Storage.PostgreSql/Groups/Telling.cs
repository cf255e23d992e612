using Mailbox.Engine;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Events that were committed with what they tell of, on their way to the group of their subscribers (spec M16).</summary>
static class Telling
{
    public const string Take = "DELETE FROM told WHERE id = ANY ($1)";

    // Without subscribers nothing is stored.
    const string Keep = "INSERT INTO told (events) SELECT $1 WHERE EXISTS (SELECT FROM members WHERE group_name = $2)";

    const string List = "SELECT id, events FROM told ORDER BY id LIMIT $1";

    public static void AddTo(NpgsqlBatch batch, IEnumerable<MailboxEvent> events)
    {
        foreach (var letter in events.Chunk(TellSubscribers.MostInALetter))
            batch.Add(Keep, MailboxEvents.Write(letter).Body, MailboxEvents.Group.ToString());
    }

    public static async Task<IReadOnlyList<ToldEvents>> ToldAsync(NpgsqlConnection connection, int limit, CancellationToken cancel)
    {
        var told = new List<ToldEvents>();
        await foreach (var row in connection.ReadAsync(List, cancel, (long)limit).ConfigureAwait(false))
            told.Add(new(row.GetInt64(0), MailboxEvents.Read(row.GetFieldValue<byte[]>(1))));
        return told;
    }
}
