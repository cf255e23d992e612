using System.ComponentModel.DataAnnotations;

namespace Mailbox.Gateway;

/// <summary>How the gateway holds connections. Configuration section <c>Mailbox</c>; every duration is a <see cref="TimeSpan"/>.</summary>
public sealed class GatewayOptions
{
    /// <summary>How often a held stream is sent something that is not a message.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan Heartbeat { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>How long a long-poll waits that does not ask for a time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan Wait { get; set; } = TimeSpan.FromSeconds(25);

    /// <summary>The longest that a long-poll waits; a longer wish is cut to it.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan MaxWait { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>A reader that takes no byte for this long while bytes wait is ended (spec M17).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00")]
    public TimeSpan SlowAfter { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>Bytes that the peer's machine does not confirm for this long end the connection (<c>TCP_USER_TIMEOUT</c>).</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan UserTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How long a browser waits before it reconnects after a stream broke. Each reader gets a random time of half to one and a half times
    /// this.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Retry { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>Over how long the held connections are ended at a shutdown, at most: a hundred are ended in a second.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:05:00")]
    public TimeSpan Drain { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>The largest body of one message, in bytes.</summary>
    [Range(1, 64 << 20)]
    public int MaxBodyBytes { get; set; } = 1 << 20;

    /// <summary>The largest JSON body of one request to <c>/deliver</c>, in bytes. Parts have no bound together.</summary>
    [Range(1, 1 << 30)]
    public int MaxDeliverBytes { get; set; } = 32 << 20;

    /// <summary>The most letters in one JSON request to <c>/deliver</c>.</summary>
    [Range(1, 1_000_000)]
    public int MaxLetters { get; set; } = 10_000;

    /// <summary>Loops that write to held connections; 0 chooses by the number of processors.</summary>
    [Range(0, 64)]
    public int Pumps { get; set; }

    /// <summary>
    /// After a message was written to many connections, the next waits this long, so that messages which arrive meanwhile share a write. A
    /// message that arrives later does not wait.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:00:01")]
    public TimeSpan Coalesce { get; set; } = TimeSpan.FromMilliseconds(4);

    /// <summary>Origins of web pages that may use the gateway (CORS), or <c>*</c> for any without credentials. None by default.</summary>
    [Origins]
    public IList<string> CorsOrigins { get; set; } = [];

    /// <summary>The URL that clients' messages to the backend are posted to; empty for the application behind the gateway, if there is one.</summary>
    [UplinkUrl]
    public string Uplink { get; set; } = "";

    /// <summary>How long the backend has to answer a client's message.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:10:00")]
    public TimeSpan UplinkTimeout { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The secret with which tokens of mailboxes are signed, in base64, at least 32 bytes: the same for all gateways of a cluster. Empty:
    /// the host's own, where it has a directory, or one that ends with the process.
    /// </summary>
    [TokenKey]
    public string TokenKey { get; set; } = "";
}

/// <summary>Each of a list is <c>*</c> or an origin: a scheme, a host, perhaps a port, and nothing behind it (RFC 6454 section 6).</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class OriginsAttribute() : ValidationAttribute("allowed are * and origins such as https://www.example.org")
{
    public override bool IsValid(object? value) => value is IEnumerable<string> origins && origins.All(IsOrigin);

    static bool IsOrigin(string text) =>
        text == "*" || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == text);
}

/// <summary>Empty, or an absolute <c>http</c> or <c>https</c> URL without a user.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class UplinkUrlAttribute() : ValidationAttribute("allowed is a URL such as http://127.0.0.1:9000/uplink, or nothing")
{
    public override bool IsValid(object? value) => value is "" || (value is string text && IsUrl(text));

    public static bool IsUrl(string text) =>
        text.Length <= 2048 && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;
}

/// <summary>Empty, or base64 of at least 32 bytes.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class TokenKeyAttribute() : ValidationAttribute($"allowed is base64 of at least 32 bytes")
{
    public override bool IsValid(object? value) => value is "" || (value is string text && IsKey(text));

    static bool IsKey(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) && length >= TokenKey.LeastBytes;
    }
}
