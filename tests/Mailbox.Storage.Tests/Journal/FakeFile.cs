using Mailbox.Storage.Journal;

namespace Mailbox.Storage.Tests.Journal;

sealed class FakeFile(FakeDisk disk, string name, FakeContent content) : IJournalFile
{
    bool _isClosed;

    public long Length => content.Length;

    public int Read(Span<byte> into, long offset)
    {
        ObjectDisposedException.ThrowIf(_isClosed, this);
        disk.Before?.Invoke("read", name);
        return content.Read(into, offset);
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        disk.Before?.Invoke("write", name);
        disk.Write(content, bytes, offset);
    }

    public void Sync()
    {
        disk.Before?.Invoke("sync", name);
        content.Sync();
    }

    public void SetLength(long length) => disk.SetLength(content, length);

    public void Allocate(long length)
    {
        if (length - content.Length > disk.Room) throw new DiskFullException("The fake disk is full.");
        disk.SetLength(content, length);
    }

    public void Dispose() => _isClosed = true;
}
