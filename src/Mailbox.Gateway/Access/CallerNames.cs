using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>
/// Reads the names that come over HTTP: in paths, queries, headers of parts and JSON. All routes read names here: a mailbox by its name
/// (spec M1) or its <c>Multiplex-Token</c> (section 6). Refuses reserved names (spec S3). Safe from any thread.
/// </summary>
sealed class CallerNames(IMailboxTokens? tokens = null)
{
    /// <summary>
    /// Reads a name, or a token in place of one. A token may have the form of a mailbox name, so the MAC decides: text that verifies is a
    /// token, because a name does not verify by chance. Visitors' names have no dot, so such a name with a false MAC is a broken token and
    /// not another mailbox.
    /// </summary>
    /// <param name="field">The field's name, for the refusal.</param>
    /// <returns>Why the name is refused; null where it is not.</returns>
    public Problem? Read(string? text, string field, out MailboxName mailbox)
    {
        if (TryReadToken(text, out mailbox)) return ReservedProblem(mailbox.IsReserved, field);
        if (!MailboxName.TryParse(text, out mailbox)) return Problem.BadMailbox(field);
        if (mailbox.IsVisitor && text!.Length > MailboxTokens.SuffixLength && text[^MailboxTokens.SuffixLength] == '.') return BadToken(field);
        return ReservedProblem(mailbox.IsReserved, field);
    }

    public Problem? Read(string? text, string field, out GroupName group) =>
        GroupName.TryParse(text, out group) ? ReservedProblem(group.IsReserved, field) : Problem.BadGroup(field);

    /// <summary>Reads a token, and no name.</summary>
    public Problem? ReadToken(string? text, string field, out MailboxName mailbox) =>
        TryReadToken(text, out mailbox) ? ReservedProblem(mailbox.IsReserved, field) : BadToken(field);

    /// <summary>A JSON list of mailboxes; null counts as absent.</summary>
    public Problem? Read(JsonElement list, string field, List<MailboxName> into) => ReadList<MailboxName>(list, field, Read, into);

    /// <summary>A JSON list of groups; null counts as absent.</summary>
    public Problem? Read(JsonElement list, string field, List<GroupName> into) => ReadList<GroupName>(list, field, Read, into);

    internal delegate Problem? Reader<T>(string? text, string field, out T name);

    static Problem? ReadList<T>(JsonElement list, string field, Reader<T> read, List<T> into)
    {
        if (list.ValueKind == JsonValueKind.Null) return null;
        if (list.ValueKind != JsonValueKind.Array) return JsonRequest.Bad(field, "must be a list of names");
        foreach (var item in list.EnumerateArray())
        {
            if (read(JsonData.TextOf(item), field, out var name) is { } problem) return problem;
            into.Add(name);
        }
        return null;
    }

    bool TryReadToken(string? text, out MailboxName mailbox)
    {
        mailbox = default;
        return tokens is not null && text is not null && tokens.TryRead(text, out mailbox);
    }

    static Problem BadToken(string field) =>
        new(ProblemKinds.BadToken, $"{field}: is none that this gateway made. A Multiplex-Token is said whole, as the client's newest request had it.");

    static Problem? ReservedProblem(bool isReserved, string field) => isReserved
        ? new(ProblemKinds.ReservedName, $"{field}: names that begin with 'mailbox.' belong to the gateway; webhooks and .NET streams tell events and uplinks.")
        : null;
}
