using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>
/// Station 1: a part as a letter, addressed by its own headers, any number of <c>Multiplex-Token</c>, <c>Mailbox</c>, <c>Group</c> and
/// <c>Except</c> (spec section 6).
/// </summary>
sealed class LetterReader(IMailboxTokens? tokens = null)
{
    const string Encoding = "Content-Encoding";
    const string TransferEncoding = "Content-Transfer-Encoding";

    static readonly string[] s_unencoded = ["7bit", "8bit", "binary"];

    static Problem NoTarget { get; } = new(ProblemKinds.BadHeader, "Multiplex-Token, Mailbox, Group: a part must name at least one target.");

    static Problem BadToken { get; } = new(ProblemKinds.BadToken, "Multiplex-Token: is none that this gateway made.");

    static Problem Encoded { get; } = new(
        ProblemKinds.BadHeader, "Content-Encoding, Content-Transfer-Encoding: a part's body is delivered as it is, so it must not be encoded.");

    static Problem BadMailbox { get; } = Problem.BadMailbox(PartHeaders.Mailbox);

    static Problem BadGroup { get; } = Problem.BadGroup(PartHeaders.Group);

    static Problem BadExcept { get; } = Problem.BadMailbox(PartHeaders.Except);

    public (PostRequest? Post, Problem? Problem) Read(MultiplexPart part)
    {
        var headers = part.Headers;
        if (IsEncoded(headers)) return (null, Encoded);
        var (draft, problem) = MessageFields.ReadHeaders(headers.Find, part.Body, "text/plain");
        if (draft is null) return (null, problem);
        var (to, groups, except) = (new List<MailboxName>(1), new List<GroupName>(0), new List<MailboxName>(0));
        problem = ReadNames<MailboxName>(headers, PartHeaders.Token, TryReadToken, BadToken, to)
            ?? ReadNames<MailboxName>(headers, PartHeaders.Mailbox, MailboxName.TryParse, BadMailbox, to)
            ?? ReadNames<GroupName>(headers, PartHeaders.Group, GroupName.TryParse, BadGroup, groups)
            ?? ReadNames<MailboxName>(headers, PartHeaders.Except, TryReadExcept, BadExcept, except);
        if (to.Count + groups.Count == 0) problem ??= NoTarget;
        return problem is null ? (new(draft, to, groups, except), null) : (null, problem);
    }

    delegate bool Parser<T>(string text, out T name);

    // A list in one header means the same as several headers (RFC 9110 section 5.3); no name and no token has a comma.
    static Problem? ReadNames<T>(PartHeaders headers, string header, Parser<T> parse, Problem fault, List<T> names)
    {
        if (!headers.Has(header)) return null;
        foreach (var value in headers.All(header))
            foreach (var text in value.Contains(',') ? value.Split(',') : [value])
                if (parse(text.Trim(' ', '\t'), out var name)) names.Add(name);
                else return fault;
        return null;
    }

    bool TryReadToken(string text, out MailboxName mailbox)
    {
        mailbox = default;
        return tokens is not null && tokens.TryRead(text, out mailbox);
    }

    // A backend may know the one who asked by the token alone. What looks like a name and is a token is a token, because nobody can make
    // one by chance.
    bool TryReadExcept(string text, out MailboxName mailbox) => TryReadToken(text, out mailbox) || MailboxName.TryParse(text, out mailbox);

    static bool IsEncoded(PartHeaders headers) =>
        IsOther(headers.Find(Encoding), ["identity"]) || IsOther(headers.Find(TransferEncoding), s_unencoded);

    static bool IsOther(StringValues values, string[] allowed) =>
        values.Count > 0 && !(values.Count == 1 && allowed.Contains(values[0], StringComparer.OrdinalIgnoreCase));
}
