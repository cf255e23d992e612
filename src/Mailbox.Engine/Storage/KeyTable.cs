using System.Runtime.InteropServices;

namespace Mailbox.Storage;

/// <summary>The idempotency keys that are remembered (spec M13), in buckets by when they end. Not thread-safe.</summary>
sealed class KeyTable
{
    const int BucketBits = 2;

    readonly Dictionary<KeyId, RememberedKey> _keys = [];
    readonly SortedDictionary<uint, List<KeyId>> _ends = [];

    public int Count => _keys.Count;

    public RememberedKey? Find(KeyId key, uint now) =>
        _keys.TryGetValue(key, out var answer) && answer.Expires > now ? answer : null;

    public void Remember(KeyId key, in RememberedKey answer)
    {
        ref var known = ref CollectionsMarshal.GetValueRefOrAddDefault(_keys, key, out var exists);
        var again = exists && known.Expires == answer.Expires;
        known = answer;
        if (again) return;
        var bucket = answer.Expires >> BucketBits;
        if (!_ends.TryGetValue(bucket, out var list)) _ends.Add(bucket, list = []);
        list.Add(key);
    }

    /// <summary>Forgets keys that have ended, no more than so many at once.</summary>
    public void Forget(uint now, int limit)
    {
        while (limit > 0 && First() is { } bucket && bucket + 1 <= now >> BucketBits)
        {
            var list = _ends[bucket];
            var count = Math.Min(limit, list.Count);
            foreach (var key in list.TakeLast(count)) ForgetEnded(key, now);
            list.RemoveRange(list.Count - count, count);
            if (list.Count == 0) _ends.Remove(bucket);
            limit -= count;
        }
    }

    /// <summary>The buckets, for a walk in slices.</summary>
    public uint[] Buckets() => [.. _ends.Keys];

    public IEnumerable<KeyValuePair<KeyId, RememberedKey>> In(uint bucket)
    {
        if (!_ends.TryGetValue(bucket, out var list)) yield break;
        foreach (var key in list)
            if (_keys.TryGetValue(key, out var answer)) yield return new(key, answer);
    }

    void ForgetEnded(KeyId key, uint now)
    {
        if (_keys.TryGetValue(key, out var answer) && answer.Expires <= now) _keys.Remove(key);
    }

    uint? First()
    {
        foreach (var (bucket, _) in _ends) return bucket;
        return null;
    }
}

/// <summary>An idempotency key in its scope, a mailbox's or a group's name, as the first 128 bits of a SHA-256 (spec M13).</summary>
public readonly record struct KeyId(UInt128 Hash);

/// <summary>What was answered under an idempotency key (spec M13).</summary>
/// <param name="Digest">Of the message; another message under the same key is refused.</param>
/// <param name="Expires">Unix time in seconds at which it is forgotten.</param>
/// <param name="First">The epoch, or the members of a send.</param>
/// <param name="Second">The sequence, or the stored of a send.</param>
/// <param name="Third">The connections, or the refused of a send.</param>
/// <param name="Fourth">The mailbox's deadline in Unix milliseconds; 0 for a send.</param>
public readonly record struct RememberedKey(ulong Digest, uint Expires, ulong First, long Second, int Third, long Fourth);
