using System.ComponentModel.DataAnnotations;

namespace Mailbox.Gateway;

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
