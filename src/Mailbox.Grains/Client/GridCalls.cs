using System.Security.Cryptography;

namespace Mailbox.Grains;

/// <summary>
/// Station 1 of a backend: asks grains, again while nobody can answer. A silo does not tell clients outside the cluster that it is gone,
/// so every call has a short timeout and a delivery an idempotency key. Safe from any thread.
/// </summary>
sealed class GridCalls
{
    readonly Retries _retries;
    readonly MadeKeys _keys;
    readonly IGrainFactory _grains;
    readonly MailboxGridOptions _options;

    /// <param name="stopping">The process is leaving: what reads ends.</param>
    public GridCalls(IGrainFactory grains, TimeProvider time, MailboxGridOptions options, ISiloGate gate, CancellationToken stopping)
    {
        (_grains, _options, Time, Gate, Stopping) = (grains, options, time, gate, stopping);
        (_retries, _keys, Deliveries) = (new(time, gate, options.Deadline), new(time, options), new(this));
    }

    public Deliveries Deliveries { get; }

    public TimeProvider Time { get; }

    public CancellationToken Stopping { get; }

    public TimeSpan Deadline => _options.Deadline;

    public ISiloGate Gate { get; }

    public IGridGrain Grid => _grains.GetGrain<IGridGrain>(0);

    public IMailboxGrain GrainOf(MailboxName mailbox) => _grains.GetGrain<IMailboxGrain>(mailbox.ToString());

    public IGroupGrain GrainOf(GroupName group) => _grains.GetGrain<IGroupGrain>(group.ToString());

    public MessageDraft WithKey(MessageDraft draft) => _keys.Give(draft);

    /// <summary>A key that this client made must not be why a delivery is refused.</summary>
    public void KeysAreMany() => _keys.Pause();

    public async ValueTask<SendResult> SendAsync(GroupName group, MessageDraft draft, MailboxName[] except, CancellationToken cancel)
    {
        var keyed = WithKey(draft);
        var result = await SendKeyedAsync(group, keyed, except, cancel).ConfigureAwait(false);
        if (result.Outcome != Outcome.TooManyKeys || ReferenceEquals(keyed, draft)) return result;
        KeysAreMany();
        return await SendKeyedAsync(group, draft, except, cancel).ConfigureAwait(false);
    }

    /// <exception cref="MailboxUnavailableException">Nobody answered in time.</exception>
    public ValueTask<T> AskAsync<T>(Func<Task<T>> call, Func<T, bool> isUnanswered, CancellationToken cancel) =>
        _retries.AskAsync(call, isUnanswered, isRepeatable: true, Uncertain<T>, cancel);

    /// <param name="giveUp">The answer where there is none: to the fault of an attempt that may have been done all the same, or to null where nothing was done.</param>
    public ValueTask<T> AskAsync<T>(Func<Task<T>> call, bool isRepeatable, Func<Exception?, T> giveUp, CancellationToken cancel) =>
        _retries.AskAsync(call, static _ => false, isRepeatable, giveUp, cancel);

    /// <summary>Nothing was stored; or it is not known and the key makes that harmless.</summary>
    public static bool IsUnanswered(Outcome outcome, MessageDraft draft) =>
        outcome is Outcome.NotOwner or Outcome.Stopping or Outcome.Overloaded
        || (outcome == Outcome.StoreFailed && draft.IdempotencyKey is not null);

    /// <summary>What is not stored, nor dropped by the mailbox's own policy, is an exception.</summary>
    public static void Demand(Outcome outcome, string target)
    {
        if (outcome is Outcome.Stored or Outcome.Dropped or Outcome.Excepted) return;
        if (MailboxRefusedException.Covers(outcome)) throw new MailboxRefusedException(outcome, target);
        throw new MailboxUnavailableException(outcome);
    }

    ValueTask<SendResult> SendKeyedAsync(GroupName group, MessageDraft draft, MailboxName[] except, CancellationToken cancel)
    {
        var grain = GrainOf(group);
        return _retries.AskAsync(
            () => grain.Send(draft, except), answer => IsUnanswered(answer.Outcome, draft), draft.IdempotencyKey is not null, Uncertain<SendResult>, cancel);
    }

    static T Uncertain<T>(Exception? cause) => throw new MailboxUnavailableException(cause is null ? Outcome.NotOwner : Outcome.StoreFailed, cause);
}

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
