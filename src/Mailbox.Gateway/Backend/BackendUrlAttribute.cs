using System.ComponentModel.DataAnnotations;

namespace Mailbox.Gateway;

/// <summary>Where an application listens: a scheme, a host, perhaps a port and a path, and nothing behind it.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class BackendUrlAttribute() : ValidationAttribute("allowed is a URL such as http://127.0.0.1:9000 or https://app.example.org")
{
    public override bool IsValid(object? value) => value is "" || (value is string text && Uri.TryCreate(text, UriKind.Absolute, out var url) && IsValid(url));

    static bool IsValid(Uri url) => url.Scheme is "http" or "https" && url.Host.Length > 0 && (url.UserInfo + url.Query + url.Fragment).Length == 0;
}
