using System.Buffers.Binary;
using System.Security.Cryptography;

namespace Mailbox.Storage.Journal;

/// <summary>Writes the blocks of a snapshot: each has the checksum of what follows, its length and its content.</summary>
sealed class SnapshotFile : IDisposable
{
    /// <summary>The checksum and the length.</summary>
    public const int Prefix = 8;

    const int SyncEvery = 4 << 20;

    readonly IJournalFile _file;
    readonly JournalLog _log;
    readonly uint _salt = (uint)RandomNumberGenerator.GetInt32(int.MaxValue);
    long _synced;

    public SnapshotFile(IJournalFiles files, string name, FileHeader header, JournalLog log)
    {
        _log = log;
        _file = files.Create(name);
        Write((header with { Salt = _salt }).ToBytes());
    }

    public ByteWriter Block { get; } = new();

    public long Length { get; private set; }

    public void Begin(SnapshotBlock kind)
    {
        Block.Clear();
        Block.Skip(Prefix);
        Block.Byte((byte)kind);
    }

    public void End()
    {
        var block = Block.Written;
        BinaryPrimitives.WriteInt32LittleEndian(block[4..], block.Length - Prefix);
        BinaryPrimitives.WriteUInt32LittleEndian(block, Crc32C.Of(block[4..], _salt));
        Write(block.ToArray());
        // In pieces, so that no commit's sync has to wait for all of a large snapshot.
        if (Length - _synced >= SyncEvery) Sync();
    }

    public void Sync()
    {
        _file.Sync();
        _synced = Length;
    }

    public void Dispose() => _file.Dispose();

    void Write(byte[] bytes)
    {
        _log.WithReserve(() => _file.Write(bytes, Length));
        Length += bytes.Length;
    }
}
