using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mailbox.Storage.Journal;

/// <summary>A snapshot that is complete, and where a reading goes on behind it. In the file stand blocks, each with a checksum and its length.</summary>
/// <param name="Number">0 for none.</param>
/// <param name="Begin">The newest frame when it was begun.</param>
/// <param name="Segment">The frames behind that one begin in this segment; those before it are needed only for the bodies in them.</param>
/// <param name="Offset">Of the first of these frames.</param>
/// <param name="Through">The newest frame that may have left something in the snapshot.</param>
sealed record LogSnapshot(int Number, long Begin, int Segment, long Offset, long Through)
{
    /// <summary>A block's checksum and length.</summary>
    public const int Prefix = 8;

    public static LogSnapshot None { get; } = new(0, 0, 1, FileHeader.Size, 0);

    /// <summary>Reads a snapshot. Its name says that it is complete, so anything wrong with it is damage.</summary>
    public static LogSnapshot Read(IJournalFiles files, int number, ILogReader into)
    {
        var path = files.PathOf(FileNames.Snapshot(number));
        using var file = files.Open(FileNames.Snapshot(number));
        var header = FileHeader.Read(file, FileHeader.Snapshot, path) ?? throw new JournalDamagedException(path, 0, "its header is not valid");
        var snapshot = None with { Number = number, Begin = (long)header.Batch };
        var (offset, buffer) = ((long)FileHeader.Size, Array.Empty<byte>());
        try
        {
            while (true)
            {
                var block = BlockAt(file, offset, header.Salt, ref buffer);
                var content = new ByteReader(block[1..]);
                switch ((LogBlock)block[0])
                {
                    case LogBlock.Begin: snapshot = snapshot with { Segment = content.Int(), Offset = content.Long() }; break;
                    case LogBlock.Slice: into.Slice(block[1..]); break;
                    case LogBlock.End:
                        snapshot = snapshot with { Through = content.Long() };
                        into.SnapshotEnds(snapshot.Through);
                        return snapshot;
                    case var kind: throw new InvalidDataException($"a block has the unknown kind {(int)kind}");
                }
                offset += Prefix + block.Length;
            }
        }
        catch (Exception e) when (e is InvalidDataException or ArgumentException or OverflowException)
        {
            throw new JournalDamagedException(path, offset, e.Message);
        }
    }

    static ReadOnlySpan<byte> BlockAt(IJournalFile file, long offset, uint salt, ref byte[] buffer)
    {
        Span<byte> prefix = stackalloc byte[Prefix];
        if (file.Read(prefix, offset) < Prefix) throw new InvalidDataException("it ends too early");
        var length = BinaryPrimitives.ReadUInt32LittleEndian(prefix[4..]);
        if (length == 0 || length > file.Length - offset - Prefix) throw new InvalidDataException("a block is not all there");
        if (buffer.Length < length) buffer = new byte[length];
        var block = buffer.AsSpan(0, (int)length);
        if (file.Read(block, offset + Prefix) < block.Length) throw new InvalidDataException("it ends too early");
        var checksum = Crc32C.Of(block, Crc32C.Of(prefix[4..], salt));
        return BinaryPrimitives.ReadUInt32LittleEndian(prefix) == checksum ? block : throw new InvalidDataException("a checksum is wrong");
    }
}

/// <summary>The first byte of a block's content. In the file stand one that begins, slices, and one that ends.</summary>
enum LogBlock : byte
{
    /// <summary>Varint segment and offset of the frames behind the snapshot.</summary>
    Begin = 1,

    Slice = 2,

    /// <summary>Varint number of the newest frame that may have left something in a slice.</summary>
    End = 3,
}

/// <summary>Writes a snapshot under a name that says that it is unfinished, and renames it at the end.</summary>
sealed class LogSnapshotWriter(IJournalFiles files, DirectoryLog log, LogSnapshot begin) : ISnapshotWriter
{
    const int SyncEvery = 4 << 20;

    readonly string _unfinished = FileNames.Snapshot(begin.Number) + FileNames.Unfinished;
    readonly uint _salt = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
    readonly ByteWriter _block = new();
    IJournalFile? _file;
    long _offset;
    long _synced;
    bool _isComplete;

    public long Length { get; private set; }

    public void Write(ReadOnlySpan<byte> slice)
    {
        try
        {
            Open();
            Begin(LogBlock.Slice);
            _block.Bytes(slice);
            WriteBlock();
        }
        catch (Exception e) when (DirectoryLog.IsFault(e))
        {
            throw Failed(e);
        }
        Length += slice.Length;
    }

    public void Complete(long through)
    {
        try
        {
            Open();
            Begin(LogBlock.End);
            _block.Varint(through);
            WriteBlock();
            // First the log: a snapshot must not know more than the log does after a loss of power.
            log.Sync();
            _file!.Sync();
            _file.Dispose();
            files.Rename(_unfinished, FileNames.Snapshot(begin.Number));
            _isComplete = true;
            files.SyncDirectory();
            log.Completed(begin with { Through = through });
        }
        catch (Exception e) when (DirectoryLog.IsFault(e))
        {
            throw Failed(e);
        }
    }

    public void Dispose()
    {
        _file?.Dispose();
        if (_isComplete || _file is null) return;
        try
        {
            files.Delete(_unfinished);
        }
        catch (Exception e) when (DirectoryLog.IsFault(e))
        {
            // The next start removes it.
        }
    }

    /// <summary>Not before there is something to write: a snapshot is begun in the writer's turn, and its file need not be made there.</summary>
    void Open()
    {
        if (_file is not null) return;
        _file = files.Create(_unfinished);
        var header = new FileHeader(FileHeader.Snapshot, (uint)begin.Number, (ulong)begin.Begin, _salt).ToBytes();
        log.WithReserve(() => _file.Write(header, 0));
        _offset = header.Length;
        Begin(LogBlock.Begin);
        _block.Varint(begin.Segment);
        _block.Varint(begin.Offset);
        WriteBlock();
    }

    void Begin(LogBlock kind)
    {
        _block.Clear();
        _block.Skip(LogSnapshot.Prefix);
        _block.Byte((byte)kind);
    }

    void WriteBlock()
    {
        var block = _block.Written;
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], block.Length - LogSnapshot.Prefix);
        BinaryPrimitives.WriteUInt32LittleEndian(block, Crc32C.Of(block[4..], _salt));
        log.WithReserve(() => _file!.Write(_block.Written, _offset));
        _offset += block.Length;
        if (_offset - _synced < SyncEvery) return;
        // In pieces, so that no commit's sync has to wait for all of a large snapshot.
        _file!.Sync();
        _synced = _offset;
    }

    static StoreException Failed(Exception cause) => cause is DiskFullException
        ? new StoreFullException($"There is no room for a snapshot: {cause.Message}", cause)
        : new StoreException($"The snapshot cannot be written: {cause.Message}", cause);
}
