using System.Security.Cryptography;

namespace Mailbox.Grains;

/// <summary>Idempotency keys for drafts that have none: unique to this client and of 16 characters. Safe from any thread.</summary>
sealed class MadeKeys(TimeProvider time, MailboxGridOptions options)
{
    const string Digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    const int Length = 16;
    const int RandomLength = 9;

    /// <summary>The longest that an attempt can be under way when the deadline comes.</summary>
    static readonly TimeSpan s_longestCall = TimeSpan.FromSeconds(10);

    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(1);

    readonly string _client = RandomNumberGenerator.GetString(Digits, RandomLength);
    readonly TimeSpan _life = options.Deadline + s_longestCall;
    long _last;
    long _pausedAt = -1;

    public MessageDraft Give(MessageDraft draft) => !options.MakesKeys || draft.IdempotencyKey is not null || IsPaused
        ? draft
        : draft with { IdempotencyKey = Next(), KeyLife = _life };

    /// <summary>The grid has no room for more of them now: for a while none is made.</summary>
    public void Pause() => Volatile.Write(ref _pausedAt, time.GetTimestamp());

    bool IsPaused => Volatile.Read(ref _pausedAt) is >= 0 and var since && time.GetElapsedTime(since) < s_pause;

    string Next() => string.Create(Length, (_client, Interlocked.Increment(ref _last)), static (key, part) =>
    {
        var (client, number) = part;
        client.CopyTo(key);
        for (var i = RandomLength; i < Length; i++, number >>= 6) key[i] = Digits[(int)(number & 63)];
    });
}
