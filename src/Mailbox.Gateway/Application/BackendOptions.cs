using System.ComponentModel.DataAnnotations;
using System.Net.Sockets;

namespace Mailbox.Gateway;

/// <summary>The application behind the gateway. Configuration section <c>Mailbox:Backend</c>; the section's own value is <see cref="Url"/>.</summary>
public sealed class BackendOptions
{
    /// <summary>
    /// Where it listens: <c>http://HOST:PORT</c> or <c>https://HOST:PORT</c>, perhaps with a path; <c>fastcgi://HOST:PORT</c> or
    /// <c>fastcgi:///PATH</c> of a Unix socket; empty for no application.
    /// </summary>
    [BackendUrl]
    public string Url { get; set; } = "";

    /// <summary>How long a connection to it may take to be made.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:05:00")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>How long it may take from the request, or from the last byte of the request's body that moved, until its answer begins.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "1.00:00:00")]
    public TimeSpan AnswerTimeout { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Whether a request's headers about its origin (<c>Forwarded</c>, <c>X-Forwarded-*</c>) are trusted and passed on. Only where a proxy
    /// in front of the gateway sets them: otherwise clients can forge them.
    /// </summary>
    public bool TrustForwarded { get; set; }

    /// <summary>Where clients' messages to it are posted: a path, perhaps with a query, behind that of <see cref="Url"/>.</summary>
    [RegularExpression("/[!-~]*", ErrorMessage = "allowed is a path such as /uplink")]
    public string Uplink { get; set; } = "/";

    /// <summary>FastCGI: the directory of its scripts, as the application sees it; empty for an application that is one program.</summary>
    public string Root { get; set; } = "";

    /// <summary>FastCGI: the script in <see cref="Root"/> that answers paths that name none. Files with its extension are scripts.</summary>
    [StringLength(255, MinimumLength = 1, ErrorMessage = "allowed is the name of a file")]
    public string Index { get; set; } = "index.php";

    /// <summary>FastCGI: how long a connection waits for its next request; zero for a new one each time.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "01:00:00")]
    public TimeSpan KeepIdle { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>FastCGI: the largest request body without a length, in bytes: it is stored in a temporary file first.</summary>
    [Range(0, 1 << 30)]
    public int MaxUnsizedBytes { get; set; } = 64 << 20;

    internal bool IsOn => Url.Length > 0;
}

/// <summary>Where an application listens: a scheme, a host, perhaps a port and a path, and nothing behind it; or the path of a socket.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class BackendUrlAttribute() : ValidationAttribute(
    "allowed is a URL such as http://127.0.0.1:9000, https://app.example.org, fastcgi://127.0.0.1:9001 or fastcgi:///run/php.sock")
{
    public override bool IsValid(object? value) => value is "" || (value is string text && Uri.TryCreate(text, UriKind.Absolute, out var url) && IsValid(url));

    static bool IsValid(Uri url) => (url.UserInfo + url.Query + url.Fragment).Length == 0 && url.Scheme switch
    {
        "http" or "https" => url.Host.Length > 0,
        "fastcgi" => url.Host.Length > 0 ? url.Port > 0 && url.AbsolutePath == "/" : IsSocket(Uri.UnescapeDataString(url.AbsolutePath)),
        _ => false,
    };

    static bool IsSocket(string path)
    {
        try
        {
            return path is ['/', _, ..] && new UnixDomainSocketEndPoint(path) is not null;
        }
        catch (ArgumentException)
        {
            // Longer than the system allows, about a hundred bytes.
            return false;
        }
    }
}
