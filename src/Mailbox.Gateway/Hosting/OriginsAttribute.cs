using System.ComponentModel.DataAnnotations;

namespace Mailbox.Gateway;

/// <summary>Each of a list is <c>*</c> or an origin: a scheme, a host, perhaps a port, and nothing behind it (RFC 6454 section 6).</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class OriginsAttribute() : ValidationAttribute("allowed are * and origins such as https://www.example.org")
{
    public override bool IsValid(object? value) => value is IEnumerable<string> origins && origins.All(IsOrigin);

    static bool IsOrigin(string text) =>
        text == "*" || (Uri.TryCreate(text, UriKind.Absolute, out var uri) && uri.GetLeftPart(UriPartial.Authority) == text);
}
