using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Mailbox.Clustering;

/// <summary>An IP address that one can connect to, with its port or without; or, with a port, nothing.</summary>
[AttributeUsage(AttributeTargets.Property)]
sealed class EndPointAttribute : ValidationAttribute
{
    public bool IsWithoutPort { get; init; }

    public override bool IsValid(object? value) => value is string text && (IsWithoutPort ? IsAddress(text) : text.Length == 0 || IsEndPoint(text));

    public override string FormatErrorMessage(string name) =>
        IsWithoutPort ? "allowed is an IP address such as 10.0.0.7" : "allowed is an IP address with a port such as 10.0.0.7:11111";

    static bool IsEndPoint(string text) => IPEndPoint.TryParse(text, out var found) && found.Port > 0 && IsReachable(found.Address);

    static bool IsAddress(string text) => IPAddress.TryParse(text, out var found) && IsReachable(found);

    static bool IsReachable(IPAddress address) => !address.Equals(IPAddress.Any) && !address.Equals(IPAddress.IPv6Any);
}
