using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Memberships that a batch changes; the last word on each counts.</summary>
sealed class MemberRows
{
    const string Join = """
        INSERT INTO members (group_name, mailbox, epoch) SELECT * FROM unnest($1, $2, $3)
        ON CONFLICT (group_name, mailbox) DO UPDATE SET epoch = excluded.epoch
        """;

    const string Leave = """
        DELETE FROM members m USING unnest($1, $2) AS t (group_name, mailbox) WHERE m.group_name = t.group_name AND m.mailbox = t.mailbox
        """;

    readonly Dictionary<(string Group, string Mailbox), MailboxHandle?> _changes = [];

    public void Add(MembersChanged changed)
    {
        foreach (var handle in changed.Added)
            if (CommitPlan.Find(handle) is { } member) _changes[(changed.Group.ToString(), member.Name)] = handle;
        foreach (var handle in changed.Removed)
            if (CommitPlan.Find(handle) is { } member) _changes[(changed.Group.ToString(), member.Name)] = null;
    }

    public void AddTo(NpgsqlBatch batch)
    {
        var joining = _changes.Where(static c => c.Value is not null).ToList();
        var leaving = _changes.Where(static c => c.Value is null).ToList();
        if (joining.Count > 0) batch.Add(
            Join,
            joining.ConvertAll(static c => c.Key.Group),
            joining.ConvertAll(static c => c.Key.Mailbox),
            joining.ConvertAll(static c => (long)c.Value!.Epoch));
        if (leaving.Count > 0) batch.Add(
            Leave, leaving.ConvertAll(static c => c.Key.Group), leaving.ConvertAll(static c => c.Key.Mailbox));
    }
}
