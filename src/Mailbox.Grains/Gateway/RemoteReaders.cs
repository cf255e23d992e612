using System.Collections.Concurrent;

namespace Mailbox.Grains;

/// <summary>The readers that this process has at silos.</summary>
sealed class RemoteReaders
{
    readonly ConcurrentDictionary<long, RemoteReader> _readers = new();
    long _lastId;

    /// <summary>A reader whose attachment is lost. Must return at once.</summary>
    public event Action<RemoteReader>? Lost;

    /// <summary>Something that a silo is to know. Must return at once.</summary>
    public event Action<SiloAddress, MailboxName, ReaderReport>? Reported;

    public IEnumerable<AttachmentKey> Keys => _readers.Values.Select(static reader => reader.Key);

    public RemoteReader Make(MailboxName mailbox, OpenRequest request, IReaderSignal? signal)
    {
        var reader = new RemoteReader(this, Interlocked.Increment(ref _lastId), mailbox, request, signal);
        return _readers[reader.Id] = reader;
    }

    public RemoteReader? Find(long id) => _readers.GetValueOrDefault(id);

    public void Remove(RemoteReader reader) => _readers.TryRemove(reader.Id, out _);

    public void Report(SiloAddress silo, MailboxName mailbox, ReaderReport report) => Reported?.Invoke(silo, mailbox, report);

    public void NoteLost(RemoteReader reader) => Lost?.Invoke(reader);

    public IEnumerable<AttachmentKey> AttachedTo(SiloAddress silo)
    {
        foreach (var reader in _readers.Values)
            if (reader.KeyAt(silo) is { } key) yield return key;
    }

    /// <summary>The silo is gone or does not answer: its readers attach again.</summary>
    public void Lose(SiloAddress silo)
    {
        foreach (var key in AttachedTo(silo)) Find(key.Id)?.Lose(key);
    }
}
