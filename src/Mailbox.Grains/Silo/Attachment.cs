using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Grains;

/// <summary>
/// A reader of this silo's engine whose connection is at a gateway. Its session reads it when there is something; what it may have on
/// the way is bounded by the reader's own window (spec M17).
/// </summary>
sealed class Attachment(GatewaySession session, AttachmentKey key) : IDistantSignal
{
    readonly Lock _gate = new();
    readonly List<Received> _taken = [];
    MailboxReader? _reader;
    Position _told;
    Ending? _failure;
    int _isQueued;
    bool _waitsForWindow;

    public AttachmentKey Key => key;

    /// <summary>Where the gateway's reader begins.</summary>
    public Position Start { get; private set; }

    public bool IsClosed { get; private set; }

    /// <summary>The session's: false where it is queued already.</summary>
    public bool TryQueue() => Interlocked.Exchange(ref _isQueued, 1) == 0;

    public void Dequeued() => Volatile.Write(ref _isQueued, 0);

    public void Ready() => session.Enqueue(this);

    public TimeSpan HeardFor => session.HeardFor;

    /// <summary>Called once, with a reader that nobody has read from.</summary>
    public void Begin(MailboxReader reader)
    {
        lock (_gate)
        {
            _reader = reader;
            Start = _told = reader.Position;
            if (IsClosed) reader.Close();
        }
    }

    /// <summary>What there is now, for the answer to the open.</summary>
    public async Task<(PageItem[] Items, Ending? Ending)> FirstPageAsync(bool isHeld)
    {
        var items = new List<PageItem>();
        Ending? ending;
        bool isCold;
        while ((ending = TakeInto(items, out isCold)) is null && isCold && items.Count == 0)
            if (!await TryLoadAsync().ConfigureAwait(false)) break;
        if (isHeld && isCold && _failure is null) Ready();
        return ([.. items], ending ?? _failure);
    }

    Ending? TakeInto(List<PageItem> items, out bool isCold)
    {
        lock (_gate)
        {
            var status = Take();
            foreach (var received in _taken) items.Add(PageItem.Of(received));
            if (_taken is [.., var last]) _told = last.Position;
            _taken.Clear();
            isCold = status == ReadStatus.Cold;
            return status == ReadStatus.Ended ? _reader!.Ending : null;
        }
    }

    /// <summary>Takes what there is for the next batches.</summary>
    public void Collect(Queue<Outgoing> into)
    {
        lock (_gate)
        {
            if (IsClosed) return;
            var status = _failure is null ? Take() : ReadStatus.Ended;
            foreach (var received in _taken) Tell(into, received);
            _taken.Clear();
            if (status == ReadStatus.Ended) into.Enqueue(new(this, _told, new(_told, null, null), _failure ?? _reader!.Ending));
            if (status == ReadStatus.Cold) _ = session.LoadAsync(this);
        }
    }

    void Tell(Queue<Outgoing> into, in Received received)
    {
        into.Enqueue(new(this, _told, received, null));
        _told = received.Position;
    }

    ReadStatus Take()
    {
        ReadStatus status;
        try
        {
            do status = _reader!.TryRead(_taken);
            while (status == ReadStatus.Read);
        }
        catch (StoreException)
        {
            _failure = Ending.Unavailable;
            status = ReadStatus.Ended;
        }
        _waitsForWindow = status == ReadStatus.WindowFull;
        return status;
    }

    /// <returns>False where the store cannot be read; the reader has ended then.</returns>
    public async Task<bool> TryLoadAsync()
    {
        try
        {
            await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding);
            await _reader!.LoadAsync().ConfigureAwait(false);
            return true;
        }
        catch (StoreException)
        {
            _failure = Ending.Unavailable;
            return false;
        }
    }

    /// <summary>The gateway has flushed everything up to here.</summary>
    public void Written(Position through)
    {
        lock (_gate)
        {
            if (IsClosed || _reader is null || through.Epoch != _reader.Position.Epoch) return;
            if (!_reader.Written(through.Sequence) || !_waitsForWindow) return;
            _waitsForWindow = false;
        }
        Ready();
    }

    public void Close()
    {
        lock (_gate)
        {
            if (IsClosed) return;
            IsClosed = true;
            _reader?.Close();
        }
    }
}
