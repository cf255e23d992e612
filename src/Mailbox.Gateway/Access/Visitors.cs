using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Gives each client a mailbox of its own, whose name nobody can guess, and remembers it in a cookie. The mailbox itself is not made
/// before it is opened, delivered to or joined (spec M2): clients that never come back leave nothing behind.
/// </summary>
sealed class Visitors(IMailboxTokens tokens)
{
    /// <summary>Holds the token: a backend beside the gateway can read it too.</summary>
    public const string Cookie = "mailbox";

    /// <summary>Stands for the name of the client's own mailbox in a path; no mailbox can be named so (spec M1).</summary>
    public const string OwnMailbox = "+me";

    const int NameBytes = 16;

    public Visitor Of(HttpContext http)
    {
        foreach (var line in http.Request.Headers.Cookie)
            foreach (var range in line.AsSpan().Split(';'))
                if (TokenIn(line.AsSpan(range).Trim()) is { } token && tokens.TryRead(token, out var mailbox)) return new(mailbox, token, false);
        return Make();
    }

    /// <summary>Tells a new visitor its cookie. It ends with the browser's session; its mailbox is forgotten sooner where nobody reads it.</summary>
    public static void Remember(HttpContext http, Visitor visitor)
    {
        if (!visitor.IsNew) return;
        var secure = http.Request.IsHttps ? "; Secure" : "";
        http.Response.Headers.Append("Set-Cookie", $"{Cookie}={visitor.Token}; Path=/; HttpOnly; SameSite=Lax{secure}");
    }

    static string? TokenIn(ReadOnlySpan<char> pair) =>
        pair.StartsWith(Cookie) && pair[Cookie.Length..] is ['=', .. var value] ? value.ToString() : null;

    Visitor Make()
    {
        Span<byte> name = stackalloc byte[NameBytes];
        RandomNumberGenerator.Fill(name);
        var mailbox = MailboxName.Parse(MailboxName.VisitorPrefix + Base64Url.EncodeToString(name));
        return new(mailbox, tokens.Make(mailbox), true);
    }
}

/// <summary>Who sent a request, known by the mailbox that its cookie remembers.</summary>
/// <param name="IsNew">Whether the client is to be told its cookie.</param>
readonly record struct Visitor(MailboxName Mailbox, string Token, bool IsNew);
