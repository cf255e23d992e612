using Microsoft.Win32.SafeHandles;

namespace Mailbox.Storage.Journal;

/// <summary>The directory of a journal. Tests put one here whose disk fails or is full.</summary>
interface IJournalFiles
{
    /// <summary>Which run of the kernel this is, as long as which all that was written is there, synced or not; 0 for unknown.</summary>
    ulong Boot { get; }

    /// <summary>Bytes that this process may still write to the disk.</summary>
    long Room { get; }

    IReadOnlyList<string> Names();

    /// <summary>A new, empty file; one that is there already is emptied.</summary>
    IJournalFile Create(string name);

    IJournalFile Open(string name);

    void Delete(string name);

    void Rename(string from, string to);

    /// <summary>Makes creations, renames and deletions survive power loss.</summary>
    void SyncDirectory();

    string PathOf(string name);
}

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

    /// <summary>Takes room on the disk, so that it can be given back. Where that fails, the file is as it was.</summary>
    /// <exception cref="DiskFullException">There is no room.</exception>
    void Allocate(long length);
}

/// <summary>There is no room on the disk, or none left in the quota.</summary>
sealed class DiskFullException : IOException
{
    public DiskFullException(string message) : base(message) { }

    public DiskFullException(string message, Exception inner) : base(message, inner) { }

    public DiskFullException() { }
}

sealed class DiskFiles(string directory) : IJournalFiles
{
    public ulong Boot { get; } = KernelBoot.Current();

    public long Room => new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;

    public IReadOnlyList<string> Names() => [.. Directory.EnumerateFiles(directory).Select(path => Path.GetFileName(path))];

    public IJournalFile Create(string name) => new DiskFile(PathOf(name), FileMode.Create);

    public IJournalFile Open(string name) => new DiskFile(PathOf(name), FileMode.Open);

    public void Delete(string name) => File.Delete(PathOf(name));

    public void Rename(string from, string to) => File.Move(PathOf(from), PathOf(to), overwrite: true);

    public void SyncDirectory() => Posix.SyncDirectory(directory);

    public string PathOf(string name) => Path.Combine(directory, name);
}

sealed class DiskFile(string path, FileMode mode) : IJournalFile
{
    const int NoSpace = 28;
    const int QuotaExceeded = 122;
    const int WindowsDiskFull = unchecked((int)0x80070070);

    readonly SafeFileHandle _handle = File.OpenHandle(path, mode, FileAccess.ReadWrite, FileShare.Read);

    public long Length => RandomAccess.GetLength(_handle);

    public int Read(Span<byte> into, long offset)
    {
        var read = 0;
        while (read < into.Length)
        {
            var more = RandomAccess.Read(_handle, into[read..], offset + read);
            if (more == 0) break;
            read += more;
        }
        return read;
    }

    public void Write(ReadOnlySpan<byte> bytes, long offset)
    {
        try
        {
            RandomAccess.Write(_handle, bytes, offset);
        }
        catch (IOException e) when (e.HResult is NoSpace or QuotaExceeded or WindowsDiskFull)
        {
            throw new DiskFullException($"There is no room for {bytes.Length} bytes in {path}.", e);
        }
    }

    public void Sync() => Posix.SyncData(_handle);

    public void SetLength(long length) => RandomAccess.SetLength(_handle, length);

    public void Allocate(long length)
    {
        var before = Length;
        var error = Posix.Allocate(_handle, length);
        if (error == 0) return;
        SetLength(before);
        if (error is NoSpace or QuotaExceeded) throw new DiskFullException($"There is no room for {length} bytes in {path}.");
        throw new IOException($"{path} cannot be extended to {length} bytes (error {error}).");
    }

    public void Dispose() => _handle.Dispose();
}
