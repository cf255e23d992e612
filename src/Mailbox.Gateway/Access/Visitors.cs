using System.Buffers.Text;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;

namespace Mailbox.Gateway;

/// <summary>
/// Gives each client a mailbox of its own with a name that cannot be guessed, and remembers it in a cookie. The mailbox is made when it is
/// opened, delivered to or joined (spec M2): clients that never come back leave nothing behind.
/// </summary>
sealed class Visitors(IMailboxTokens tokens)
{
    /// <summary>The cookie's name. It holds the token, which a backend beside the gateway can read too.</summary>
    public const string Cookie = "mailbox";

    /// <summary>Stands for the client's own mailbox in a path. No mailbox can have this name (spec M1).</summary>
    public const string OwnMailbox = "+me";

    const int NameBytes = 16;

    public Visitor Of(HttpContext http)
    {
        foreach (var line in http.Request.Headers.Cookie)
            foreach (var range in line.AsSpan().Split(';'))
            {
                var pair = line.AsSpan(range).Trim();
                if (!pair.StartsWith(Cookie) || pair[Cookie.Length..] is not ['=', .. var token]) continue;
                if (tokens.TryRead(token.ToString(), out var known)) return new(known, token.ToString(), false);
            }
        var mailbox = MailboxName.Parse(MailboxName.VisitorPrefix + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(NameBytes)));
        return new(mailbox, tokens.Make(mailbox), true);
    }

    /// <summary>Sets the cookie of a new visitor, for the browser's session. The mailbox expires earlier where it is not read.</summary>
    public static void Remember(HttpContext http, Visitor visitor)
    {
        if (!visitor.IsNew) return;
        var secure = http.Request.IsHttps ? "; Secure" : "";
        http.Response.Headers.Append("Set-Cookie", $"{Cookie}={visitor.Token}; Path=/; HttpOnly; SameSite=Lax{secure}");
    }
}

/// <summary>The sender of a request, known by the mailbox in its cookie.</summary>
/// <param name="IsNew">The client has no cookie yet.</param>
readonly record struct Visitor(MailboxName Mailbox, string Token, bool IsNew);
