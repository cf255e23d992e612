using System.ComponentModel.DataAnnotations;
using System.Net.Sockets;

namespace Mailbox.Gateway;

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
            // Longer than what the system takes, about a hundred bytes.
            return false;
        }
    }
}
