using System.Buffers.Binary;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>The idempotency keys of a batch, each with the mailbox that its answer names, so that they come with the mailbox when it is taken.</summary>
sealed class KeyRows(CommitPlan plan)
{
    public const string Upsert = """
        INSERT INTO keys (hash, mailbox, digest, expires, first, second, third, fourth)
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)
        ON CONFLICT (hash) DO UPDATE SET mailbox = excluded.mailbox, digest = excluded.digest, expires = excluded.expires,
            first = excluded.first, second = excluded.second, third = excluded.third, fourth = excluded.fourth
        """;

    readonly Dictionary<KeyId, RememberedKey> _keys = [];

    public IReadOnlyDictionary<KeyId, RememberedKey> Keys => _keys;

    public static Guid ToGuid(KeyId key)
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, key.Hash);
        return new(bytes, bigEndian: true);
    }

    public static KeyId FromGuid(Guid value)
    {
        Span<byte> bytes = stackalloc byte[16];
        value.TryWriteBytes(bytes, bigEndian: true, out _);
        return new(BinaryPrimitives.ReadUInt128BigEndian(bytes));
    }

    public void Add(KeyRemembered key)
    {
        if (!BatchApplication<bool>.IsRefused(key.Answer, plan.Batch.Fenced)) _keys[key.Key] = key.Answer;
    }

    public void AddTo(NpgsqlBatch batch)
    {
        if (_keys.Count == 0) return;
        var names = new Dictionary<ulong, string>();
        foreach (var mailbox in plan.Mailboxes) names[mailbox.Handle.Epoch] = mailbox.Name;
        // In one order, whoever writes: two batches may have the same keys.
        var keys = _keys.Select(static k => (Hash: ToGuid(k.Key), Answer: k.Value)).OrderBy(static k => k.Hash).ToList();
        batch.Add(
            Upsert,
            keys.ConvertAll(static k => k.Hash),
            keys.ConvertAll(k => k.Answer.Fourth == 0 ? null : names.GetValueOrDefault(k.Answer.First)),
            keys.ConvertAll(static k => (long)k.Answer.Digest),
            keys.ConvertAll(static k => (long)k.Answer.Expires),
            keys.ConvertAll(static k => (long)k.Answer.First),
            keys.ConvertAll(static k => k.Answer.Second),
            keys.ConvertAll(static k => k.Answer.Third),
            keys.ConvertAll(static k => k.Answer.Fourth));
    }
}
