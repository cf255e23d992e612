using System.ComponentModel.DataAnnotations;

namespace Mailbox.Engine;

/// <summary>What a caller of the engine must not ask. Checked before anything is queued: what the rules get they trust.</summary>
static class Arguments
{
    const int MaxPage = 10_000;

    public static EngineOptions Checked(EngineOptions options)
    {
        var faults = new List<ValidationResult>();
        if (Validator.TryValidateObject(options, new(options), faults, validateAllProperties: true)) return options;
        throw new ArgumentException(string.Join(' ', faults.Select(static fault => fault.ErrorMessage)), nameof(options));
    }

    public static void Check(PostRequest post)
    {
        ArgumentNullException.ThrowIfNull(post.Draft, nameof(post));
        for (var i = 0; i < post.To.Count; i++) Check(post.To[i]);
        for (var i = 0; i < post.Groups.Count; i++) Check(post.Groups[i]);
    }

    public static void Check(MailboxName mailbox)
    {
        if (mailbox == default) throw new ArgumentException("A mailbox has a name.", nameof(mailbox));
    }

    public static void Check(GroupName group)
    {
        if (group == default) throw new ArgumentException("A group has a name.", nameof(group));
    }

    public static void CheckLimit(int limit)
    {
        if (limit is < 1 or > MaxPage) throw new ArgumentOutOfRangeException(nameof(limit), limit, "A page has 1 to 10,000 entries.");
    }
}
