using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>Messages taken out one by one, and the numbers of which readers are told. What follows on another is joined to it.</summary>
sealed class HoleRows
{
    const string Remove = "DELETE FROM entries e USING unnest($1, $2) AS t (epoch, sequence) WHERE e.epoch = t.epoch AND e.sequence = t.sequence";

    const string Extend = """
        UPDATE holes h SET last = t.last FROM unnest($1, $2, $3, $4) AS t (epoch, first, last, reason)
        WHERE h.epoch = t.epoch AND h.last = t.first - 1 AND h.reason = t.reason
        """;

    const string Insert = """
        INSERT INTO holes SELECT * FROM unnest($1, $2, $3, $4) AS t (epoch, first, last, reason)
        WHERE NOT EXISTS (SELECT FROM holes h WHERE h.epoch = t.epoch AND h.first <= t.first AND h.last >= t.last)
        ON CONFLICT DO NOTHING
        """;

    readonly List<(long Epoch, long Sequence)> _removed = [];
    readonly List<(long Epoch, Hole Hole)> _holes = [];

    public void Take(MailboxHandle mailbox, long sequence, GapReason? reason)
    {
        _removed.Add(((long)mailbox.Epoch, sequence));
        if (reason is { } why) Add(mailbox, new(sequence, sequence, why));
    }

    public void Add(MailboxHandle mailbox, Hole hole) => _holes.Add(((long)mailbox.Epoch, hole));

    public void AddTo(NpgsqlBatch batch)
    {
        if (_removed.Count > 0) batch.Add(Remove, _removed.ConvertAll(static r => r.Epoch), _removed.ConvertAll(static r => r.Sequence));
        if (_holes.Count == 0) return;
        var joined = Joined();
        AddTo(batch, Extend, joined);
        AddTo(batch, Insert, joined);
    }

    static void AddTo(NpgsqlBatch batch, string sql, List<(long Epoch, Hole Hole)> holes) => batch.Add(
        sql,
        holes.ConvertAll(static h => h.Epoch),
        holes.ConvertAll(static h => h.Hole.From),
        holes.ConvertAll(static h => h.Hole.To),
        holes.ConvertAll(static h => (short)h.Hole.Reason));

    List<(long Epoch, Hole Hole)> Joined()
    {
        _holes.Sort(static (a, b) => (a.Epoch, a.Hole.From).CompareTo((b.Epoch, b.Hole.From)));
        var joined = new List<(long Epoch, Hole Hole)>();
        foreach (var (epoch, hole) in _holes)
            if (joined.Count > 0 && joined[^1] is var (before, last) && before == epoch && last.To == hole.From - 1 && last.Reason == hole.Reason)
                joined[^1] = (epoch, last with { To = hole.To });
            else joined.Add((epoch, hole));
        return joined;
    }
}
