using System.Runtime.InteropServices;
using System.Collections.Concurrent;

namespace Mailbox.Grains;

/// <summary>
/// Station 5: a session with one gateway, and what this silo has for it: answers, and messages for its readers. Of each one batch is in flight and the next
/// collects meanwhile, which is what keeps order and bounds memory: readers are read only when there is room in a batch. Messages whose batch failed are not
/// sent again: the gateway is dropped and attaches its readers again. Safe from any thread.
/// </summary>
/// <param name="number">The gateway's number of the session.</param>
/// <param name="failed">Called once, when the gateway took no batch.</param>
sealed class GatewaySession(string gateway, long number, IGatewayLink link, TimeProvider time, Action<GatewaySession, Exception> failed)
{
    const int MostAnswers = 4096;

    const long Never = long.MinValue;

    // A gateway says something every second. One that was silent for longer may have been suspended.
    static readonly TimeSpan s_pause = TimeSpan.FromSeconds(10);

    // As long as a gateway waits for a silo.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(10);

    readonly ConcurrentDictionary<long, Attachment> _attachments = new();
    readonly ConcurrentQueue<Attachment> _ready = new();
    readonly Queue<Outgoing> _waiting = new();
    readonly BatchBuilder _builder = new();
    readonly Queue<(long Id, object? Answer)> _answers = new();
    readonly long[] _last = new long[2];
    bool _isAnswering;
    long _heardAt = time.GetTimestamp();
    long _resumedAt = Never;
    int _isRunning;
    int _loading;

    public string Gateway => gateway;

    public long Number => number;

    /// <summary>Locked while a batch is taken.</summary>
    public Lock Gate { get; } = new();

    /// <summary>The number of the newest batch taken in a lane.</summary>
    public ref long LastOf(SessionLane lane) => ref _last[(int)lane];

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
    public bool IsQuiet => Volatile.Read(ref _isRunning) == 0 && _ready.IsEmpty && Volatile.Read(ref _loading) == 0 && !Volatile.Read(ref _isAnswering);

    public int Count => _attachments.Count;

    /// <summary>The gateway has said something. Any thread.</summary>
    public void Hear()
    {
        var now = time.GetTimestamp();
        if (Silence >= s_pause) Volatile.Write(ref _resumedAt, now);
        Volatile.Write(ref _heardAt, now);
    }

    /// <returns>Null where the gateway has attached this reader again since, or is dropped.</returns>
    public Attachment? Add(AttachmentKey key)
    {
        while (!IsDropped)
        {
            var attachment = new Attachment(this, key);
            if (_attachments.TryAdd(key.Id, attachment))
            {
                if (!IsDropped) return attachment;
                // The session was dropped meanwhile and may not have seen it.
                Remove(attachment);
                return null;
            }
            if (!_attachments.TryGetValue(key.Id, out var former)) continue;
            if (former.Key.Generation >= key.Generation) return null;
            Remove(former);
        }
        return null;
    }

    /// <summary>What was written to a reader's connection, or that it has closed. A report that comes twice changes nothing.</summary>
    public void Take(in ReaderReport report)
    {
        if (Find(report.Key) is not { } attachment) return;
        attachment.Written(report.Written);
        if (report.IsClosed) Remove(attachment);
    }

    public void Answer(long id, object? answer)
    {
        lock (_answers)
        {
            _answers.Enqueue((id, answer));
            if (_isAnswering) return;
            _isAnswering = true;
        }
        // Behind the answers of the same commit, which are ready to run: they go with this one.
        ThreadPool.UnsafeQueueUserWorkItem(static async session => await session.AnswerAsync().ConfigureAwait(false), this, preferLocal: false);
    }

    async Task AnswerAsync()
    {
        while (TakeAnswers() is { } batch)
        {
            var (start, backoff) = (time.GetTimestamp(), new Backoff(time));
            while (!IsDropped)
            {
                try
                {
                    await link.Answer(batch).ConfigureAwait(false);
                    break;
                }
                catch (Exception fault)
                {
                    // An answer that comes twice is to no request.
                    if (time.GetElapsedTime(start) >= s_patience) failed(this, fault);
                    else await backoff.WaitAsync(CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
    }

    AnswerBatch? TakeAnswers()
    {
        lock (_answers)
        {
            var count = Math.Min(_answers.Count, MostAnswers);
            if (count == 0 || IsDropped)
            {
                _isAnswering = false;
                return null;
            }
            var (ids, answers) = (new long[count], new object?[count]);
            for (var i = 0; i < count; i++) (ids[i], answers[i]) = _answers.Dequeue();
            return new(ids, answers);
        }
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

/// <summary>Something that was taken from a reader and waits for the next batch to its gateway.</summary>
/// <param name="Before">Where the reader was before it.</param>
readonly record struct Outgoing(Attachment Attachment, Position Before, Received Received, Ending? Ending)
{
    public int Size => Received.Message?.Body.Length ?? 0;
}

/// <summary>Packs what is on its way to a gateway into batches of bounded size; a message that many get is packed once.</summary>
sealed class BatchBuilder
{
    public const int MostItems = 512;
    public const int MostBytes = 256 << 10;

    readonly Dictionary<Message, int> _indexes = new(ReferenceEqualityComparer.Instance);
    readonly List<Message> _messages = [];
    readonly List<PushItem> _items = [];
    int _bytes;

    /// <summary>Takes from the front of the queue what one batch holds; at least one.</summary>
    public PushBatch Build(Queue<Outgoing> waiting)
    {
        while (waiting.TryPeek(out var next) && Admits(next))
        {
            waiting.Dequeue();
            if (!next.Attachment.IsClosed) Add(next);
        }
        var batch = new PushBatch([.. _messages], [.. _items]);
        Clear();
        return batch;
    }

    bool Admits(in Outgoing next)
    {
        if (_items.Count == 0) return true;
        if (_items.Count >= MostItems) return false;
        return next.Received.Message is not { } message || _indexes.ContainsKey(message) || _bytes + next.Size <= MostBytes;
    }

    void Add(in Outgoing next) =>
        _items.Add(new(next.Attachment.Key, next.Before, next.Received.Position, IndexOf(next.Received.Message), next.Received.Gap, next.Ending));

    int IndexOf(Message? message)
    {
        if (message is null) return 0;
        ref var index = ref CollectionsMarshal.GetValueRefOrAddDefault(_indexes, message, out var isKnown);
        if (isKnown) return index;
        _messages.Add(message);
        _bytes += message.Body.Length;
        return index = _messages.Count;
    }

    void Clear()
    {
        _indexes.Clear();
        _messages.Clear();
        _items.Clear();
        _bytes = 0;
    }
}
