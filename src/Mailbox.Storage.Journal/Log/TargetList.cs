namespace Mailbox.Storage.Journal;

/// <summary>Writes mailboxes and their numbers in a few bytes each: mailboxes made together lie together.</summary>
ref struct TargetList
{
    readonly ByteWriter _writer;
    readonly Span<byte> _room;
    ulong _before;
    int _left;
    int _length;

    public TargetList(ByteWriter writer, int count)
    {
        writer.Varint(count);
        _writer = writer;
        _left = count;
        _room = writer.Room(count * 2 * ByteWriter.MaxVarint);
    }

    public void Add(ulong counter, long sequence)
    {
        _length += ByteWriter.Put(_room[_length..], ByteWriter.ZigZag((long)(counter - _before)));
        _length += ByteWriter.Put(_room[_length..], (ulong)sequence);
        _before = counter;
        if (--_left == 0) _writer.Advance(_length);
    }
}
