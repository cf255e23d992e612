using System.Security.Cryptography;

namespace Mailbox.Gateway;

/// <summary>The secret with which tokens are signed. Gateways that share mailboxes share it.</summary>
public sealed class TokenKey
{
    /// <summary>The fewest bytes of a key.</summary>
    public const int LeastBytes = 32;

    const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    readonly byte[] _bytes;

    TokenKey(byte[] bytes) => _bytes = bytes;

    internal ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>A key that ends with this process.</summary>
    public static TokenKey Random() => new(RandomNumberGenerator.GetBytes(LeastBytes));

    /// <param name="text">Base64 of at least <see cref="LeastBytes"/>.</param>
    /// <exception cref="FormatException">It is not.</exception>
    public static TokenKey Parse(string text) =>
        Convert.FromBase64String(text) is { Length: >= LeastBytes } bytes ? new(bytes) : throw new FormatException($"A key has at least {LeastBytes} bytes.");

    /// <summary>The key in a file, which is made where it does not exist, for its owner's eyes only.</summary>
    /// <exception cref="IOException">The file cannot be read or made, or holds no key.</exception>
    public static TokenKey InFile(string path)
    {
        if (!File.Exists(path)) Make(path);
        try
        {
            return Parse(File.ReadAllText(path));
        }
        catch (FormatException fault)
        {
            throw new IOException($"The file {path} holds no key: {fault.Message}", fault);
        }
    }

    // Whole or not at all, and whoever makes it first has made it.
    static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        using (var file = new FileStream(temporary, Options()))
        {
            file.Write(System.Text.Encoding.ASCII.GetBytes(Convert.ToBase64String(RandomNumberGenerator.GetBytes(LeastBytes)) + "\n"));
            file.Flush(flushToDisk: true);
        }
        try
        {
            File.Move(temporary, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            File.Delete(temporary);
        }
    }

    static FileStreamOptions Options()
    {
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        return options;
    }
}
