using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// Tokens that address mailboxes: only gateways with the same key can make them. The holder of a token can write to its mailbox, and can
/// guess no other (spec section 6). Safe from any thread.
/// </summary>
interface IMailboxTokens
{
    /// <returns>False where the text is no token made with this key.</returns>
    bool TryRead(string token, out MailboxName mailbox);

    string Make(MailboxName mailbox);
}

/// <summary>
/// A token is the mailbox's name, a dot, and the name's HMAC-SHA256 in base64url. It holds nothing that ends, so that an application can
/// keep it through its own restart and the gateway's.
/// </summary>
sealed class MailboxTokens(TokenKey key) : IMailboxTokens
{
    const int MacBytes = HMACSHA256.HashSizeInBytes;
    const int MacLength = 43;

    /// <summary>The characters behind a mailbox's name in its token: the dot and the MAC.</summary>
    public const int SuffixLength = MacLength + 1;

    // Keeps tokens apart from anything else that is signed with the key.
    static readonly byte[] s_purpose = "multiplex-token:"u8.ToArray();

    public string Make(MailboxName mailbox)
    {
        var name = mailbox.ToString();
        Span<byte> mac = stackalloc byte[MacBytes];
        Sign(name, mac);
        return $"{name}.{Base64Url.EncodeToString(mac)}";
    }

    public bool TryRead(string token, out MailboxName mailbox)
    {
        mailbox = default;
        var dot = token.Length - SuffixLength;
        if (dot < 1 || token[dot] != '.' || !MailboxName.TryParse(token[..dot], out var name)) return false;
        Span<byte> told = stackalloc byte[MacBytes];
        Span<byte> mac = stackalloc byte[MacBytes];
        if (!Base64Url.IsValid(token.AsSpan(dot + 1)) || !Base64Url.TryDecodeFromChars(token.AsSpan(dot + 1), told, out var length) || length != MacBytes) return false;
        Sign(token.AsSpan(0, dot), mac);
        if (!CryptographicOperations.FixedTimeEquals(mac, told)) return false;
        mailbox = name;
        return true;
    }

    void Sign(ReadOnlySpan<char> name, Span<byte> mac)
    {
        Span<byte> text = stackalloc byte[s_purpose.Length + name.Length];
        s_purpose.CopyTo(text);
        Encoding.ASCII.GetBytes(name, text[s_purpose.Length..]);
        HMACSHA256.HashData(key.Bytes, text, mac);
    }
}

/// <summary>The secret that signs tokens. Gateways that share mailboxes share it.</summary>
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

    /// <summary>Reads the key from a file, and makes the file where there is none, readable by its owner only.</summary>
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

    // Written whole under another name, then renamed: the first process to rename wins.
    static void Make(string path)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        var temporary = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write };
        if (!OperatingSystem.IsWindows()) options.UnixCreateMode = OwnerOnly;
        using (var file = new FileStream(temporary, options))
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
}
