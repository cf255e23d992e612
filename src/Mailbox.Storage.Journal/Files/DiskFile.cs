using Microsoft.Win32.SafeHandles;

namespace Mailbox.Storage.Journal;

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
        var error = Posix.Allocate(_handle, length);
        if (error == 0) return;
        SetLength(0);
        if (error is NoSpace or QuotaExceeded) throw new DiskFullException($"There is no room for {length} bytes in {path}.");
        throw new IOException($"{path} cannot be extended to {length} bytes (error {error}).");
    }

    public void Dispose() => _handle.Dispose();
}
