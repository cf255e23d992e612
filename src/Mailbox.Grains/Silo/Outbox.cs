using System.Collections.Concurrent;

namespace Mailbox.Grains;

/// <summary>
/// Station 5: what this silo has for one gateway. One batch is in flight and the next collects meanwhile, which is what keeps order and
/// bounds memory: readers are read only when there is room in a batch. A batch that fails drops the gateway.
/// </summary>
sealed class Outbox(string gateway, IGatewayLink link, TimeProvider time, Action<Outbox, Exception> failed)
{
    const long Never = long.MinValue;

    // A gateway says something every two seconds. One that was silent for longer may have been suspended.
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    readonly ConcurrentDictionary<long, Attachment> _attachments = new();
    readonly ConcurrentQueue<Attachment> _ready = new();
    readonly Queue<Outgoing> _waiting = new();
    readonly BatchBuilder _builder = new();
    long _heardAt = time.GetTimestamp();
    long _resumedAt = Never;
    int _isRunning;
    int _loading;

    public string Gateway => gateway;

    /// <summary>How long ago the gateway was last heard of.</summary>
    public TimeSpan Silence => time.GetElapsedTime(Volatile.Read(ref _heardAt));

    public TimeSpan HeardFor
    {
        get
        {
            if (Silence >= s_pause) return TimeSpan.Zero;
            var resumedAt = Volatile.Read(ref _resumedAt);
            return resumedAt == Never ? TimeSpan.MaxValue : time.GetElapsedTime(resumedAt);
        }
    }

    public bool IsDropped { get; private set; }

    /// <summary>Whether nothing is on its way.</summary>
    public bool IsQuiet => Volatile.Read(ref _isRunning) == 0 && _ready.IsEmpty && Volatile.Read(ref _loading) == 0;

    public int Count => _attachments.Count;

    public IEnumerable<AttachmentKey> Keys => _attachments.Values.Select(static attachment => attachment.Key);

    /// <summary>The gateway has said something. Any thread.</summary>
    public void Hear()
    {
        var now = time.GetTimestamp();
        if (Silence >= s_pause) Volatile.Write(ref _resumedAt, now);
        Volatile.Write(ref _heardAt, now);
    }

    /// <returns>Null where the gateway has attached this reader again since, or is dropped.</returns>
    public Attachment? Add(AttachmentKey key, Action closed)
    {
        while (!IsDropped)
        {
            var attachment = new Attachment(this, key, closed);
            if (_attachments.TryAdd(key.Id, attachment)) return attachment;
            if (!_attachments.TryGetValue(key.Id, out var former)) continue;
            if (former.Key.Generation >= key.Generation) return null;
            Remove(former);
        }
        return null;
    }

    public Attachment? Find(AttachmentKey key) =>
        _attachments.TryGetValue(key.Id, out var attachment) && attachment.Key == key ? attachment : null;

    public void Remove(Attachment attachment)
    {
        _attachments.TryRemove(KeyValuePair.Create(attachment.Key.Id, attachment));
        attachment.Close();
    }

    public void Drop()
    {
        IsDropped = true;
        foreach (var attachment in _attachments.Values) Remove(attachment);
    }

    public void Enqueue(Attachment attachment)
    {
        if (!attachment.TryQueue()) return;
        _ready.Enqueue(attachment);
        Start();
    }

    /// <summary>Bodies come back from the store, after which there is something to read.</summary>
    public async Task LoadAsync(Attachment attachment)
    {
        Interlocked.Increment(ref _loading);
        await attachment.TryLoadAsync().ConfigureAwait(false);
        Enqueue(attachment);
        Interlocked.Decrement(ref _loading);
    }

    void Start()
    {
        if (Interlocked.Exchange(ref _isRunning, 1) == 0) _ = Task.Run(PumpAsync);
    }

    async Task PumpAsync()
    {
        try
        {
            while (Collect() is { } batch) await SendAsync(batch).ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            failed(this, fault);
            return;
        }
        Volatile.Write(ref _isRunning, 0);
        Interlocked.MemoryBarrier();
        if (!_ready.IsEmpty) Start();
    }

    PushBatch? Collect()
    {
        var bytes = 0;
        foreach (var outgoing in _waiting) bytes += outgoing.Size;
        while (_waiting.Count < BatchBuilder.MostItems && bytes < BatchBuilder.MostBytes && _ready.TryDequeue(out var attachment))
        {
            attachment.Dequeued();
            attachment.Collect(_waiting);
        }
        return _waiting.Count > 0 && !IsDropped ? _builder.Build(_waiting) : null;
    }

    async Task SendAsync(PushBatch batch)
    {
        if (batch.Items.Length == 0) return;
        var unknown = await link.Push(batch).ConfigureAwait(false);
        foreach (var key in unknown)
            if (Find(key) is { } attachment) Remove(attachment);
        foreach (var item in batch.Items)
            if (item.Ending is not null && Find(item.Key) is { } ended) Remove(ended);
    }
}
