using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// Signs calls as Standard Webhooks says: <c>v1,BASE64</c>, the HMAC-SHA256 over id, time and body, with full stops between; one signature
/// for each secret. The time is signed so that an overheard call cannot be repeated later.
/// </summary>
static class WebhookSignature
{
    const string Id = "webhook-id";
    const string Timestamp = "webhook-timestamp";
    const string Header = "webhook-signature";

    public static void Add(HttpRequestMessage request, WebhookSecrets secrets, string id, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        var signed = Encoding.ASCII.GetBytes($"{id}.{time}.");
        var signatures = new List<string>();
        foreach (var secret in secrets.At(at))
        {
            using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, WebhookSecrets.KeyOf(secret));
            hmac.AppendData(signed);
            hmac.AppendData(body);
            signatures.Add("v1," + Convert.ToBase64String(hmac.GetHashAndReset()));
        }
        request.Headers.Add(Id, id);
        request.Headers.Add(Timestamp, time);
        // Blanks stand between signatures: as values of their own they would be parted by commas.
        request.Headers.TryAddWithoutValidation(Header, string.Join(' ', signatures));
    }
}

/// <summary>The secrets that sign a webhook's calls: two while one is rotated.</summary>
/// <param name="FormerUntil">The former secret signs until then; null for without end.</param>
sealed record WebhookSecrets(string Secret, string? Former = null, DateTimeOffset? FormerUntil = null)
{
    static readonly TimeSpan s_overlap = TimeSpan.FromHours(24);

    const string Prefix = "whsec_";
    const int MaxLength = 256;
    const int LeastBytes = 24;
    const int MostBytes = 64;

    public IEnumerable<string> At(DateTimeOffset now) => Former is not null && (FormerUntil is null || now < FormerUntil) ? [Secret, Former] : [Secret];

    /// <summary>Replaces the secret; the present one goes on to sign for a day. The same secret changes nothing.</summary>
    public WebhookSecrets Rotate(string secret, DateTimeOffset now) => secret == Secret ? this : new(secret, Secret, now + s_overlap);

    /// <summary><c>whsec_</c> and base64 of 24 to 64 bytes, or any other text.</summary>
    public static bool IsSecret(string text)
    {
        if (!text.StartsWith(Prefix, StringComparison.Ordinal)) return text.Length is > 0 and <= MaxLength;
        var bytes = new byte[MaxLength];
        return text.Length <= MaxLength && Convert.TryFromBase64String(text[Prefix.Length..], bytes, out var length) && length is >= LeastBytes and <= MostBytes;
    }

    /// <summary>A secret without the prefix is its own bytes, as the libraries have it in their <c>raw</c> format.</summary>
    public static byte[] KeyOf(string secret) =>
        secret.StartsWith(Prefix, StringComparison.Ordinal) ? Convert.FromBase64String(secret[Prefix.Length..]) : Encoding.UTF8.GetBytes(secret);

    public override string ToString() => "secret";
}
