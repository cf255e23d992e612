using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>
/// Reads the names that callers say over HTTP: in paths, queries, headers of parts and JSON. The one place that decides what names a
/// mailbox (spec M1, or a <c>Multiplex-Token</c> of section 6) and that refuses reserved names (spec S3). Safe from any thread.
/// </summary>
sealed class CallerNames(IMailboxTokens? tokens = null)
{
    /// <summary>
    /// A token stands for its mailbox. A token may have the form of a mailbox name, so its MAC decides: what verifies is a token, because
    /// nobody makes one by chance. Visitors' names have no dot, so a visitor's with a false MAC is a broken token and not another mailbox.
    /// </summary>
    /// <param name="field">Where it was said.</param>
    /// <returns>Why it is refused, or null.</returns>
    public Problem? Read(string? text, string field, out MailboxName mailbox)
    {
        if (TryReadToken(text, out mailbox)) return ReservedProblem(mailbox.IsReserved, field);
        if (!MailboxName.TryParse(text, out mailbox)) return Problem.BadMailbox(field);
        if (mailbox.IsVisitor && text!.Length > MailboxTokens.SuffixLength && text[^MailboxTokens.SuffixLength] == '.') return BadToken(field);
        return ReservedProblem(mailbox.IsReserved, field);
    }

    public Problem? Read(string? text, string field, out GroupName group) =>
        GroupName.TryParse(text, out group) ? ReservedProblem(group.IsReserved, field) : Problem.BadGroup(field);

    /// <summary>A token where nothing else will do.</summary>
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
