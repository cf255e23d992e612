using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Station 2: what was answered under idempotency keys (spec M13): in this batch, in the store, or, for messages that live in memory, here.
/// Used in the writer's turn alone.
/// </summary>
sealed class KeyMemory(IMailboxStore store, EngineOptions options, Batch batch)
{
    readonly Dictionary<KeyId, RememberedKey> _volatile = [];
    readonly Queue<(uint Expires, KeyId Key)> _order = new();
    readonly List<KeyId> _planned = [];

    public RememberedKey? Find(KeyId key)
    {
        if (batch.Keys.TryGetValue(key, out var planned)) return planned;
        if (_volatile.TryGetValue(key, out var held) && held.Expires > batch.NowSeconds) return held;
        return store.FindKey(key, batch.Now);
    }

    /// <summary>Keys that clients made for themselves leave half of the room to those that backends chose.</summary>
    public bool HasRoomFor(MessageDraft draft)
    {
        ForgetEnded();
        return HasRoom(draft.KeyLife is null ? options.MaxKeys : options.MaxKeys / 2);
    }

    public bool HasRoomForClients => HasRoom(options.MaxKeys / 2);

    /// <summary>Remembers an answer as durably as its message.</summary>
    /// <param name="life">No longer than this; null for as long as the options say.</param>
    public void Remember(KeyId key, RememberedKey answer, Durability durability, TimeSpan? life)
    {
        var remembered = life < options.KeyMemory ? life.Value : options.KeyMemory;
        RememberUntil(key, answer, batch.NowSeconds + (uint)remembered.TotalSeconds, durability);
    }

    /// <param name="end">Unix time in seconds.</param>
    public void RememberUntil(KeyId key, RememberedKey answer, uint end, Durability durability = Durability.Disk)
    {
        answer = answer with { Expires = end };
        batch.Keys[key] = answer;
        if (durability > Durability.Memory) batch.Add(new KeyRemembered(key, answer), durability);
        else _planned.Add(key);
    }

    /// <summary>The batch is stored: what it answered stays answered.</summary>
    public void Publish()
    {
        // An answer of a mailbox that was removed would hide the one that the store has now.
        if (_volatile.Count > 0)
            foreach (var key in batch.Keys.Keys) _volatile.Remove(key);
        foreach (var key in _planned)
        {
            if (BatchApplication<Message>.IsRefused(batch.Keys[key], batch.Records.Fenced)) continue;
            _volatile[key] = batch.Keys[key];
            _order.Enqueue((batch.Keys[key].Expires, key));
        }
        _planned.Clear();
    }

    public void Undo() => _planned.Clear();

    bool HasRoom(int most) => store.KeyCount + _volatile.Count + batch.Keys.Count < most;

    void ForgetEnded()
    {
        while (_order.TryPeek(out var oldest) && oldest.Expires <= batch.NowSeconds)
        {
            // One that was remembered again since stands in the queue again.
            var key = _order.Dequeue().Key;
            if (_volatile.TryGetValue(key, out var held) && held.Expires <= batch.NowSeconds) _volatile.Remove(key);
        }
    }
}
