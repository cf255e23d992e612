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
