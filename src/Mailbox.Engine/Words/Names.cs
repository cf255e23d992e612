using System.Buffers;

namespace Mailbox;

/// <summary>The name of a mailbox: 1 to 128 of <c>A-Z a-z 0-9 . _ ~ : @ -</c>, not <c>.</c> or <c>..</c>, case-sensitive (spec M1).</summary>
public readonly record struct MailboxName
{
    /// <summary>How the names of mailboxes begin that are made for anonymous visitors (spec section 6).</summary>
    public const string VisitorPrefix = "visitor:";

    readonly string? _value;

    MailboxName(string value) => _value = value;

    /// <exception cref="ArgumentException">The text is not a mailbox name.</exception>
    public static MailboxName Parse(string text) => TryParse(text, out var name)
        ? name
        : throw new ArgumentException("A mailbox name is 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ -, but not '.' or '..'.", nameof(text));

    public static bool TryParse(string? text, out MailboxName name)
    {
        var valid = NameRules.IsMailbox(text);
        name = valid ? new(text!) : default;
        return valid;
    }

    /// <summary>Whether it is an anonymous visitor's, which is removed sooner when nobody reads it (spec M15).</summary>
    public bool IsVisitor => _value?.StartsWith(VisitorPrefix, StringComparison.Ordinal) == true;

    /// <summary>Whether it belongs to the grid itself: no client and no backend reaches it by name (spec S3).</summary>
    public bool IsReserved => NameRules.IsReserved(_value);

    public override string ToString() => _value ?? "";
}

/// <summary>The name of a group: as a mailbox's, plus <c>/</c> between segments none of which is empty, <c>.</c> or <c>..</c> (spec G1).</summary>
public readonly record struct GroupName
{
    readonly string? _value;

    GroupName(string value) => _value = value;

    /// <exception cref="ArgumentException">The text is not a group name.</exception>
    public static GroupName Parse(string text) => TryParse(text, out var name)
        ? name
        : throw new ArgumentException(
            "A group name is 1 to 128 characters of A-Z a-z 0-9 . _ ~ : @ - and /, with no empty, '.' or '..' segment.", nameof(text));

    public static bool TryParse(string? text, out GroupName name)
    {
        var valid = NameRules.IsGroup(text);
        name = valid ? new(text!) : default;
        return valid;
    }

    /// <summary>Whether it belongs to the grid itself: no client and no backend reaches it by name (spec S3).</summary>
    public bool IsReserved => NameRules.IsReserved(_value);

    public override string ToString() => _value ?? "";
}

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
