using System.Globalization;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Mailbox.Storage.Journal;

/// <summary>
/// One process owns a directory: a lock of the kernel on the file <c>lock</c>, which ends with the process however it dies, and
/// which holds the process's id for whoever comes second.
/// </summary>
sealed class DirectoryLock : IDisposable
{
    public const string FileName = "lock";

    readonly SafeFileHandle _handle;

    DirectoryLock(SafeFileHandle handle) => _handle = handle;

    /// <exception cref="StoreException">Another process, or another store of this one, has it.</exception>
    public static DirectoryLock Take(string directory)
    {
        var handle = Open(directory);
        RandomAccess.SetLength(handle, 0);
        RandomAccess.Write(handle, Encoding.ASCII.GetBytes(Environment.ProcessId.ToString(CultureInfo.InvariantCulture)), 0);
        return new(handle);
    }

    public void Dispose()
    {
        if (_handle.IsClosed) return;
        // A child that this process is just starting still has the file open, and with it the lock, until it becomes another program.
        if (OperatingSystem.IsLinux()) Posix.Unlock(_handle);
        _handle.Dispose();
    }

    static SafeFileHandle Open(string directory)
    {
        var path = Path.Combine(directory, FileName);
        if (!OperatingSystem.IsLinux()) return OpenElsewhere(path, directory);
        var handle = Posix.OpenForLock(path);
        if (Posix.TryLock(handle)) return handle;
        using (handle) throw InUse(directory, HolderOf(handle));
    }

    static SafeFileHandle OpenElsewhere(string path, string directory)
    {
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            throw InUse(directory, "unknown");
        }
    }

    static string HolderOf(SafeFileHandle handle)
    {
        Span<byte> text = stackalloc byte[20];
        var length = RandomAccess.Read(handle, text, 0);
        return length == 0 ? "unknown" : Encoding.ASCII.GetString(text[..length]);
    }

    static StoreException InUse(string directory, string holder) => new($"The directory {directory} is in use by process {holder}.");
}
