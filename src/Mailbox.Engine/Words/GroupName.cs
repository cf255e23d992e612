namespace Mailbox;

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
