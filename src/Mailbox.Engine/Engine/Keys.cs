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
