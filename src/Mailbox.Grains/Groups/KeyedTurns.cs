using Mailbox.Engine;

namespace Mailbox.Grains;

/// <summary>
/// Sends with a key that have no answer yet. Whoever asks for one again waits for the same answer (spec M13) and takes no turn of the
/// group: otherwise those who repeat while it is slow make it slower. Thread-safe.
/// </summary>
sealed class KeyedTurns
{
    readonly Dictionary<(string Key, ulong Digest), Task<SendResult>> _underWay = [];

    /// <param name="begin">Begins it, where it is not under way.</param>
    public Task<SendResult> Of(GroupSend send, Func<Task<SendResult>> begin)
    {
        if (send.Draft.IdempotencyKey is not { } key) return begin();
        var name = (key, KeyHasher.DigestOf(send.Draft, send.Except));
        lock (_underWay)
        {
            if (_underWay.TryGetValue(name, out var first) && !first.IsCompleted) return first;
            var turn = _underWay[name] = begin();
            _ = ForgetAsync(name, turn);
            return turn;
        }
    }

    async Task ForgetAsync((string, ulong) name, Task<SendResult> turn)
    {
        await ((Task)turn).ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.SuppressThrowing);
        lock (_underWay)
            if (_underWay.GetValueOrDefault(name) == turn) _underWay.Remove(name);
    }
}
