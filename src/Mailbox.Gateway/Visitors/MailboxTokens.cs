using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace Mailbox.Gateway;

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

    // What else is signed with the key is told apart by this.
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
