using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>One thing that a sender may say of a message: a header, or a member of a JSON message.</summary>
sealed record MessageField(string Header, string Member, Func<string, bool> IsValid, string Allowed)
{
    public string? FaultOf(StringValues values) => values.Count switch
    {
        0 => null,
        1 => IsValid(values[0] ?? "") ? null : "must be " + Allowed,
        _ => "must be given once",
    };
}
