using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>
/// <c>t=SECONDS,v1=HEX</c>: HMAC-SHA256 with the webhook's secret over the time, a full stop and the body. The time is in it so that who
/// overheard a call cannot repeat it later.
/// </summary>
static class WebhookSignature
{
    public const string Header = "Webhook-Signature";

    public static string Of(string secret, DateTimeOffset at, ReadOnlySpan<byte> body)
    {
        using var hmac = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, Encoding.UTF8.GetBytes(secret));
        var time = at.ToUnixTimeSeconds().ToString(CultureInfo.InvariantCulture);
        hmac.AppendData(Encoding.ASCII.GetBytes(time + "."));
        hmac.AppendData(body);
        return $"t={time},v1={Convert.ToHexStringLower(hmac.GetHashAndReset())}";
    }
}
