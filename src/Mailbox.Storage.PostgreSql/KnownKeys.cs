namespace Mailbox.Storage.PostgreSql;

/// <summary>The idempotency keys of the mailboxes that were taken, and of what was committed here. Safe from any thread.</summary>
sealed class KnownKeys
{
    const int ForgottenAtOnce = 1000;

    readonly object _lock = new();
    readonly KeyTable _keys = new();

    public int Count
    {
        get
        {
            lock (_lock) return _keys.Count;
        }
    }

    public RememberedKey? Find(KeyId key, DateTimeOffset now)
    {
        var seconds = (uint)now.ToUnixTimeSeconds();
        lock (_lock)
        {
            _keys.Forget(seconds, ForgottenAtOnce);
            return _keys.Find(key, seconds);
        }
    }

    public void Remember(IEnumerable<KeyValuePair<KeyId, RememberedKey>> keys, DateTimeOffset now)
    {
        lock (_lock)
        {
            foreach (var (key, answer) in keys) _keys.Remember(key, answer);
            _keys.Forget((uint)now.ToUnixTimeSeconds(), ForgottenAtOnce);
        }
    }
}
