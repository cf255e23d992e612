using System.ComponentModel.DataAnnotations;

namespace Mailbox.Gateway;

/// <summary>The application behind the gateway. Configuration section <c>Mailbox:Backend</c>, whose own value is <see cref="Url"/>.</summary>
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
    /// Whether what a request says of its origin (<c>Forwarded</c>, <c>X-Forwarded-*</c>) is believed and passed on. Only where a proxy in
    /// front of the gateway sets it: otherwise clients can lie to the application.
    /// </summary>
    public bool TrustForwarded { get; set; }

    /// <summary>Where clients' messages to it are posted: a path, perhaps with a query, behind that of <see cref="Url"/>.</summary>
    [RegularExpression("/[!-~]*", ErrorMessage = "allowed is a path such as /uplink")]
    public string Uplink { get; set; } = "/";

    /// <summary>FastCGI: the directory of its scripts, as the application sees it; empty for an application that is one program.</summary>
    public string Root { get; set; } = "";

    /// <summary>FastCGI: the script in <see cref="Root"/> that answers where a path names none; its extension tells what is a script.</summary>
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
