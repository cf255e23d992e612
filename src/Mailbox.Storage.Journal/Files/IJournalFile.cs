namespace Mailbox.Storage.Journal;

/// <summary>One open file. Safe from any thread.</summary>
interface IJournalFile : IDisposable
{
    long Length { get; }

    /// <summary>Fills the buffer as far as the file goes.</summary>
    /// <exception cref="ObjectDisposedException">The file was closed, because nothing in it is needed any more.</exception>
    int Read(Span<byte> into, long offset);

    /// <summary>Writes all of it. Where that fails, any part of it may have been written.</summary>
    /// <exception cref="DiskFullException">There is no room.</exception>
    void Write(ReadOnlySpan<byte> bytes, long offset);

    /// <summary>Makes what was written survive power loss.</summary>
    void Sync();

    void SetLength(long length);

    /// <summary>Takes room on the disk, so that it can be given back.</summary>
    /// <exception cref="DiskFullException">There is no room.</exception>
    void Allocate(long length);
}
