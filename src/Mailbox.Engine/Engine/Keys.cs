using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Station 2: what was answered under idempotency keys (spec M13): in the partition of the mailbox or group, or, for messages that live in memory, here.
/// Used in the writer's turn alone.
/// </summary>
sealed class Keys(PartitionTable partitions, EngineOptions options)
{
    const int ForgottenAtOnce = 100;

    readonly Dictionary<KeyId, RememberedKey> _volatile = [];
    readonly Queue<(uint Expires, KeyId Key)> _order = new();

    public RememberedKey? Find(Batch batch, Partition partition, KeyId key)
    {
        if (_volatile.Count > 0 && _volatile.TryGetValue(key, out var held) && held.Expires > batch.NowSeconds) return held;
        return partition.Tables.Keys.Find(key, batch.NowSeconds);
    }

    /// <summary>Keys that clients made for themselves leave half of the room to those that backends chose.</summary>
    public bool HasRoomFor(Batch batch, MessageDraft draft) => HasRoom(batch, draft.KeyLife is null ? options.MaxKeys : options.MaxKeys / 2);

    public bool HasRoomForClients(Batch batch) => HasRoom(batch, options.MaxKeys / 2);

    /// <summary>Remembers an answer as durably as its message.</summary>
    /// <param name="life">No longer than this; null for as long as the options say.</param>
    public void Remember(Batch batch, Partition partition, KeyId key, RememberedKey answer, Durability durability, TimeSpan? life)
    {
        RememberUntil(batch, partition, key, answer, EndOf(batch, life), durability);
    }

    /// <summary>When a key that is remembered now is forgotten, in Unix seconds.</summary>
    public uint EndOf(Batch batch, TimeSpan? life) =>
        batch.NowSeconds + (uint)(life < options.KeyMemory ? life.Value : options.KeyMemory).TotalSeconds;

    /// <param name="end">Unix time in seconds.</param>
    public void RememberUntil(Batch batch, Partition partition, KeyId key, RememberedKey answer, uint end, Durability durability = Durability.Disk)
    {
        answer = answer with { Expires = end };
        if (durability > Durability.Memory)
        {
            // An answer of a mailbox that was removed would hide the one that the log has now.
            _volatile.Remove(key);
            batch.Do(partition, new KeyRememberedRecord(key, answer), durability);
            return;
        }
        _volatile[key] = answer;
        _order.Enqueue((end, key));
    }

    /// <summary>What was remembered in memory for a batch that was not stored.</summary>
    public void Forget(List<KeyId> keys)
    {
        foreach (var key in keys) _volatile.Remove(key);
        keys.Clear();
    }

    bool HasRoom(Batch batch, int most)
    {
        while (_order.TryPeek(out var oldest) && oldest.Expires <= batch.NowSeconds)
        {
            // One that was remembered again since stands in the queue again.
            var key = _order.Dequeue().Key;
            if (_volatile.TryGetValue(key, out var held) && held.Expires <= batch.NowSeconds) _volatile.Remove(key);
        }
        if (Count < most) return true;
        foreach (var partition in partitions.Owned) partition.Tables.Keys.Forget(batch.NowSeconds, ForgottenAtOnce);
        return Count < most;
    }

    int Count
    {
        get
        {
            var count = _volatile.Count;
            foreach (var partition in partitions.Owned) count += partition.Tables.Keys.Count;
            return count;
        }
    }
}

/// <summary>Idempotency keys are kept as hashes: small, and of a size that the sender cannot choose (spec M13).</summary>
static class KeyHasher
{
    public static KeyId KeyOf(MailboxName mailbox, string key) => Hash($"m/{mailbox}\n{key}");

    public static KeyId KeyOf(GroupName group, string key) => Hash($"g/{group}\n{key}");

    /// <summary>Of a change of a group's members.</summary>
    public static KeyId ChangeKeyOf(GroupName group, Guid key) => Hash($"c/{group}\n{key:N}");

    /// <summary>Of what a client told the backend.</summary>
    public static KeyId UplinkKeyOf(MailboxName mailbox, string key) => Hash($"u/{mailbox}\n{key}");

    /// <summary>Of the numbers of one client, while the mailbox is this one.</summary>
    public static KeyId ClientOf(MailboxName mailbox, ulong epoch, string client) => Hash($"n/{mailbox}\n{epoch}\n{client}");

    public static ulong DigestOf(UplinkDraft draft) => DigestOf(new MessageDraft { ContentType = draft.ContentType, Body = draft.Body });

    /// <summary>
    /// What must be the same for a repeated request to be the same (spec M13): the message with all that it was given, and whom a send
    /// leaves out. What is not given is not hashed, so that a version that lacks a field has the same digests.
    /// </summary>
    /// <param name="except">Of a send to a group, in any order.</param>
    public static ulong DigestOf(MessageDraft draft, IReadOnlyCollection<MailboxName>? except = null)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{draft.ContentType}\n{draft.Type}\n{draft.Topic}\n{draft.TimeToLive}\n"));
        hash.AppendData(draft.Body.Span);
        Span<byte> digest = stackalloc byte[SHA256.HashSizeInBytes];
        hash.GetHashAndReset(digest);
        if (draft.Durability is not null || draft.Idle is not null || except is { Count: > 0 })
        {
            // Hashed again with the first hash before it: a body cannot look like it.
            hash.AppendData(digest);
            hash.AppendData(Encoding.UTF8.GetBytes($"{draft.Durability}\n{draft.Idle}\n"));
            var names = (except ?? []).Select(static name => name.ToString()).Distinct().Order(StringComparer.Ordinal);
            hash.AppendData(Encoding.UTF8.GetBytes(string.Join('\n', names)));
            hash.GetHashAndReset(digest);
        }
        return BinaryPrimitives.ReadUInt64LittleEndian(digest);
    }

    static KeyId Hash(string text) => new(BinaryPrimitives.ReadUInt128LittleEndian(SHA256.HashData(Encoding.UTF8.GetBytes(text))));
}
