using System.Runtime.InteropServices;

namespace Mailbox.Grains;

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
