using System.Buffers;

namespace Mailbox;

/// <summary>The characters and lengths of names (spec M1, G1, M12, section 5).</summary>
static class NameRules
{
    const int MaxLength = 128;
    const int MaxTypeLength = 64;
    const int MaxTopicLength = 32;
    const string NameCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~:@-";

    static readonly SearchValues<char> s_name = SearchValues.Create(NameCharacters);
    static readonly SearchValues<char> s_topic =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_");

    public static bool IsMailbox(ReadOnlySpan<char> name) =>
        name.Length is >= 1 and <= MaxLength && !name.ContainsAnyExcept(s_name) && name is not ("." or "..");

    public static bool IsGroup(ReadOnlySpan<char> name)
    {
        if (name.Length is < 1 or > MaxLength) return false;
        foreach (var segment in name.Split('/'))
            if (!IsMailbox(name[segment])) return false;
        return true;
    }

    /// <summary>Whether a mailbox's or a group's name belongs to the grid itself (spec S3).</summary>
    public static bool IsReserved(ReadOnlySpan<char> name) => name.StartsWith("mailbox.");

    public static bool IsMessageType(ReadOnlySpan<char> type) =>
        type.Length is >= 1 and <= MaxTypeLength && !type.ContainsAnyExcept(s_name) && !IsReserved(type);

    public static bool IsTopic(ReadOnlySpan<char> topic) =>
        topic.Length is >= 1 and <= MaxTopicLength && !topic.ContainsAnyExcept(s_topic);

    public static bool IsClient(ReadOnlySpan<char> client) => IsMailbox(client);
}
