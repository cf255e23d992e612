using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>The messages of a batch: whole beside their number where they are for one mailbox, else the content once (spec G6).</summary>
sealed class EntryRows(NumberBlocks numbers)
{
    const string InsertWhole = """
        INSERT INTO entries (epoch, sequence, size, expires, topic, at, content_type, type, group_name, body)
        SELECT t.epoch, t.sequence, length(t.body), t.expires, t.topic, t.at, t.content_type, t.type, t.group_name, t.body
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9)
            AS t (epoch, sequence, expires, topic, at, content_type, type, group_name, body)
        """;

    const string InsertBodies = """
        INSERT INTO bodies (id, at, content_type, type, group_name, body) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        """;

    const string InsertShared = """
        INSERT INTO entries (epoch, sequence, body_id, size, expires, topic) SELECT * FROM unnest($1, $2, $3, $4, $5, $6)
        """;

    readonly List<(Target Target, Message Message)> _whole = [];
    readonly List<(Target Target, Message Message, long Body)> _shared = [];
    readonly List<(long Id, Message Message)> _bodies = [];

    /// <param name="stored">Those of the targets whose mailboxes are ours.</param>
    public void Append(Message message, IReadOnlyList<Target> stored)
    {
        if (stored.Count == 1) _whole.Add((stored[0], message));
        if (stored.Count < 2) return;
        var body = numbers.Next();
        _bodies.Add((body, message));
        foreach (var target in stored) _shared.Add((target, message, body));
    }

    public void AddTo(NpgsqlBatch batch)
    {
        if (_whole.Count > 0) AddWhole(batch);
        if (_bodies.Count > 0) AddShared(batch);
    }

    void AddWhole(NpgsqlBatch batch) => batch.Add(
        InsertWhole,
        _whole.ConvertAll(static e => (long)e.Target.Mailbox.Epoch),
        _whole.ConvertAll(static e => e.Target.Sequence),
        _whole.ConvertAll(static e => e.Message.Expires.UtcTicks),
        _whole.ConvertAll(static e => e.Message.Topic),
        _whole.ConvertAll(static e => e.Message.At.UtcTicks),
        _whole.ConvertAll(static e => e.Message.ContentType),
        _whole.ConvertAll(static e => e.Message.Type),
        _whole.ConvertAll(static e => e.Message.Group?.ToString()),
        _whole.ConvertAll(static e => e.Message.Body));

    void AddShared(NpgsqlBatch batch)
    {
        batch.Add(
            InsertBodies,
            _bodies.ConvertAll(static b => b.Id),
            _bodies.ConvertAll(static b => b.Message.At.UtcTicks),
            _bodies.ConvertAll(static b => b.Message.ContentType),
            _bodies.ConvertAll(static b => b.Message.Type),
            _bodies.ConvertAll(static b => b.Message.Group?.ToString()),
            _bodies.ConvertAll(static b => b.Message.Body));
        batch.Add(
            InsertShared,
            _shared.ConvertAll(static e => (long)e.Target.Mailbox.Epoch),
            _shared.ConvertAll(static e => e.Target.Sequence),
            _shared.ConvertAll(static e => e.Body),
            _shared.ConvertAll(static e => e.Message.Body.Length),
            _shared.ConvertAll(static e => e.Message.Expires.UtcTicks),
            _shared.ConvertAll(static e => e.Message.Topic));
    }
}
