using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>Reads lists of names; null counts as absent.</summary>
static class JsonNames
{
    public static Problem? Read(JsonElement list, string field, List<MailboxName> into)
    {
        if (list.ValueKind == JsonValueKind.Null) return null;
        if (list.ValueKind != JsonValueKind.Array) return JsonRequest.Bad(field, "must be a list of names");
        foreach (var item in list.EnumerateArray())
            if (MailboxName.TryParse(TextOf(item), out var name)) into.Add(name);
            else return Problem.BadMailbox(field);
        return null;
    }

    public static Problem? Read(JsonElement list, string field, List<GroupName> into)
    {
        if (list.ValueKind == JsonValueKind.Null) return null;
        if (list.ValueKind != JsonValueKind.Array) return JsonRequest.Bad(field, "must be a list of names");
        foreach (var item in list.EnumerateArray())
            if (GroupName.TryParse(TextOf(item), out var name)) into.Add(name);
            else return Problem.BadGroup(field);
        return null;
    }

    /// <returns>Null for what is no text: also a string whose escapes are half a surrogate pair.</returns>
    public static string? TextOf(JsonElement item)
    {
        try
        {
            return item.ValueKind == JsonValueKind.String ? item.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
