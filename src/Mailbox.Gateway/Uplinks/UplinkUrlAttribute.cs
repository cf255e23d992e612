using System.ComponentModel.DataAnnotations;

namespace Mailbox.Gateway;

/// <summary>Empty, or an absolute <c>http</c> or <c>https</c> URL without a user.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class UplinkUrlAttribute() : ValidationAttribute("allowed is a URL such as http://127.0.0.1:9000/uplink, or nothing")
{
    public override bool IsValid(object? value) => value is "" || (value is string text && IsUrl(text));

    public static bool IsUrl(string text) =>
        text.Length <= 2048 && Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme is "http" or "https" && url.UserInfo.Length == 0;
}
