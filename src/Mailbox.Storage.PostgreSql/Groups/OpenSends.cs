using Mailbox.Engine;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>What is open, and what is left of it.</summary>
static class OpenSends
{
    const string List = "SELECT id, at, expires, content_type, type, topic, body, idle FROM sends WHERE group_name = $1 ORDER BY id";

    // A mailbox that is gone is nobody's to report on, also when another has its name by now.
    const string Remaining = """
        WITH done AS (SELECT unnest(stored || refused) AS epoch FROM send_parts WHERE send = $1)
        SELECT t.mailbox, t.epoch, m.owner FROM sends s CROSS JOIN unnest(s.mailboxes, s.epochs) AS t (mailbox, epoch)
            JOIN mailboxes m ON m.name = t.mailbox AND m.epoch = t.epoch
        WHERE s.id = $1 AND t.epoch NOT IN (SELECT epoch FROM done) ORDER BY t.mailbox
        """;

    const string Unfinished = """
        SELECT group_name FROM sends WHERE at < $1 UNION SELECT $3 WHERE EXISTS (SELECT FROM told) LIMIT $2
        """;

    public static async Task<IReadOnlyList<OpenSend>> OfAsync(NpgsqlConnection connection, GroupName group, CancellationToken cancel)
    {
        var sends = new List<OpenSend>();
        await foreach (var row in connection.ReadAsync(List, cancel, group.ToString()).ConfigureAwait(false))
            sends.Add(new(row.GetInt64(0), ReadMessage(row, group), row.IsDBNull(7) ? null : TimeSpan.FromTicks(row.GetInt64(7))));
        return sends;
    }

    public static async Task<IReadOnlyList<SendMember>> RemainingAsync(NpgsqlConnection connection, long send, CancellationToken cancel)
    {
        var members = new List<SendMember>();
        await foreach (var row in connection.ReadAsync(Remaining, cancel, send).ConfigureAwait(false))
            members.Add(new(MailboxName.Parse(row.GetString(0)), (ulong)row.GetInt64(1), row.IsDBNull(2) ? null : row.GetString(2)));
        return members;
    }

    public static async Task<IReadOnlyList<GroupName>> UnfinishedAsync(
        NpgsqlConnection connection, DateTimeOffset begunBefore, int limit, CancellationToken cancel)
    {
        var groups = new List<GroupName>();
        await foreach (var row in connection.ReadAsync(Unfinished, cancel, begunBefore.UtcTicks, (long)limit, MailboxEvents.Group.ToString()).ConfigureAwait(false))
            groups.Add(GroupName.Parse(row.GetString(0)));
        return groups;
    }

    static Message ReadMessage(NpgsqlDataReader row, GroupName group) => new()
    {
        At = new(row.GetInt64(1), TimeSpan.Zero),
        Expires = new(row.GetInt64(2), TimeSpan.Zero),
        ContentType = row.GetString(3),
        Type = row.IsDBNull(4) ? null : row.GetString(4),
        Topic = row.IsDBNull(5) ? null : row.GetString(5),
        Group = group,
        Body = row.GetFieldValue<byte[]>(6),
    };
}
