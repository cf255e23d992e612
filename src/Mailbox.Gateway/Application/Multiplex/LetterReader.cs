using Microsoft.Extensions.Primitives;

namespace Mailbox.Gateway;

/// <summary>
/// Station 1: a part as a letter, addressed by its own headers, any number of <c>Multiplex-Token</c>, <c>Mailbox</c>, <c>Group</c> and
/// <c>Except</c> (spec section 6).
/// </summary>
sealed class LetterReader(CallerNames names)
{
    const string Encoding = "Content-Encoding";
    const string TransferEncoding = "Content-Transfer-Encoding";

    static readonly string[] s_unencoded = ["7bit", "8bit", "binary"];

    static Problem NoTarget { get; } = new(ProblemKinds.BadHeader, "Multiplex-Token, Mailbox, Group: a part must name at least one target.");

    static Problem Encoded { get; } = new(
        ProblemKinds.BadHeader, "Content-Encoding, Content-Transfer-Encoding: a part's body is delivered as it is, so it must not be encoded.");

    public (PostRequest? Post, Problem? Problem) Read(MultiplexPart part)
    {
        var headers = part.Headers;
        if (IsEncoded(headers)) return (null, Encoded);
        var (draft, problem) = MessageFields.ReadHeaders(headers.Find, part.Body, "text/plain");
        if (draft is null) return (null, problem);
        var (to, groups, except) = (new List<MailboxName>(1), new List<GroupName>(0), new List<MailboxName>(0));
        problem = ReadNames<MailboxName>(headers, PartHeaders.Token, names.ReadToken, to)
            ?? ReadNames<MailboxName>(headers, PartHeaders.Mailbox, names.Read, to)
            ?? ReadNames<GroupName>(headers, PartHeaders.Group, names.Read, groups)
            ?? ReadNames<MailboxName>(headers, PartHeaders.Except, names.Read, except);
        if (to.Count + groups.Count == 0) problem ??= NoTarget;
        return problem is null ? (new(draft, to, groups, except), null) : (null, problem);
    }

    // One header may hold a list (RFC 9110 section 5.3); no name and no token has a comma.
    static Problem? ReadNames<T>(PartHeaders headers, string header, CallerNames.Reader<T> read, List<T> into)
    {
        if (!headers.Has(header)) return null;
        foreach (var value in headers.All(header))
            foreach (var text in value.Contains(',') ? value.Split(',') : [value])
            {
                if (read(text.Trim(' ', '\t'), header, out var name) is { } problem) return problem;
                into.Add(name);
            }
        return null;
    }

    static bool IsEncoded(PartHeaders headers) =>
        IsOther(headers.Find(Encoding), ["identity"]) || IsOther(headers.Find(TransferEncoding), s_unencoded);

    static bool IsOther(StringValues values, string[] allowed) =>
        values.Count > 0 && !(values.Count == 1 && allowed.Contains(values[0], StringComparer.OrdinalIgnoreCase));
}
