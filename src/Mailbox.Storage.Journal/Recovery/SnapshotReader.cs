using System.Buffers.Binary;

namespace Mailbox.Storage.Journal;

/// <summary>Fills the tables with what a snapshot holds. Its name says that it is complete, so anything wrong with it is damage.</summary>
sealed class SnapshotReader(IJournalFiles files, MailboxTables<Location> tables, BatchReplay replay, uint incarnation)
{
    readonly Dictionary<MailboxOptions, MailboxOptions> _options = [];
    string _path = "";
    long _offset;

    public SnapshotPosition Read(int number)
    {
        var name = FileNames.Snapshot(number);
        _path = files.PathOf(name);
        using var file = files.Open(name);
        var header = FileHeader.Read(file, FileHeader.Snapshot, _path) ?? throw Damaged("its header is not valid");
        var bytes = ReadAll(file);
        var position = SnapshotPosition.None with { Number = number, Batch = (long)header.Batch, Bytes = bytes.Length };
        try
        {
            return Read(bytes, header.Salt, position);
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw Damaged(e.Message);
        }
    }

    SnapshotPosition Read(ReadOnlySpan<byte> bytes, uint salt, SnapshotPosition position)
    {
        var isComplete = false;
        for (_offset = FileHeader.Size; _offset < bytes.Length && !isComplete;)
        {
            var block = BlockAt(bytes[(int)_offset..], salt);
            var reader = new ByteReader(block);
            var kind = (SnapshotBlock)reader.Byte();
            position = Read(kind, ref reader, position);
            isComplete = kind == SnapshotBlock.End;
            _offset += SnapshotFile.Prefix + block.Length;
        }
        return isComplete ? position : throw Damaged("it ends too early");
    }

    ReadOnlySpan<byte> BlockAt(ReadOnlySpan<byte> bytes, uint salt)
    {
        if (bytes.Length < SnapshotFile.Prefix) throw Damaged("it ends too early");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(bytes[4..]);
        if (length > bytes.Length - SnapshotFile.Prefix) throw Damaged("a block is not all there");
        var block = bytes[..(SnapshotFile.Prefix + (int)length)];
        if (BinaryPrimitives.ReadUInt32LittleEndian(block) != Crc32C.Of(block[4..], salt)) throw Damaged("a checksum is wrong");
        return block[SnapshotFile.Prefix..];
    }

    SnapshotPosition Read(SnapshotBlock kind, ref ByteReader reader, SnapshotPosition position)
    {
        switch (kind)
        {
            case SnapshotBlock.Begin: return position with { Segment = (int)reader.Long(), Offset = reader.Long() };
            case SnapshotBlock.Mailboxes: ReadMailboxes(ref reader); return position;
            case SnapshotBlock.Keys: ReadKeys(ref reader); return position;
            case SnapshotBlock.End: return position with { Through = ReadEnd(ref reader) };
            default: throw Damaged($"a block has the unknown kind {(int)kind}");
        }
    }

    void ReadMailboxes(ref ByteReader reader)
    {
        var through = reader.Long();
        while (!reader.IsAtEnd)
        {
            var slot = MailboxCodec.Read(ref reader, incarnation);
            slot.State.Options = Shared(slot.State.Options);
            // Taken earlier, and removed before this one was made while the snapshot was written.
            if (tables.Find(slot.Name) is { } former) tables.RemoveMailbox(former);
            tables.Add(slot);
            for (var groups = reader.Count(); groups > 0; groups--) tables.Join(GroupName.Parse(reader.RequiredText()), slot);
            replay.Add(slot, through);
        }
    }

    void ReadKeys(ref ByteReader reader)
    {
        while (!reader.IsAtEnd)
        {
            var remembered = KeyCodec.Read(ref reader, incarnation);
            tables.Keys.Remember(remembered.Key, remembered.Answer);
        }
    }

    long ReadEnd(ref ByteReader reader)
    {
        var through = reader.Long();
        replay.EpochCeiling = reader.Varint();
        tables.Saw(DateTimeOffset.FromUnixTimeMilliseconds(reader.Signed()));
        return replay.SnapshotThrough = through;
    }

    /// <summary>Mailboxes that were made alike share one object.</summary>
    MailboxOptions Shared(MailboxOptions options)
    {
        if (_options.TryGetValue(options, out var known)) return known;
        if (_options.Count < 1000) _options.Add(options, options);
        return options;
    }

    static byte[] ReadAll(IJournalFile file)
    {
        var bytes = new byte[checked((int)file.Length)];
        file.Read(bytes, 0);
        return bytes;
    }

    JournalDamagedException Damaged(string what) => new(_path, _offset, what);
}
