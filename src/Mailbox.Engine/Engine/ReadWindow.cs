namespace Mailbox.Engine;

/// <summary>What a reader may take before it has written it: so much and no more waits outside the mailbox (spec M17).</summary>
struct ReadWindow(int mostMessages, int mostBytes)
{
    int _messages;
    int _bytes;

    /// <summary>One message is always admitted, however large.</summary>
    public readonly bool Admits(int size) => _messages == 0 || (_messages < mostMessages && _bytes + size <= mostBytes);

    public void Take(int size)
    {
        _messages++;
        _bytes += size;
    }

    public void Open() => (_messages, _bytes) = (0, 0);
}
