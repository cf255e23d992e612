using System.ComponentModel.DataAnnotations;

namespace Mailbox.Engine;

/// <summary>What a caller of the engine must not ask. Checked before anything is queued: what the rules get they trust.</summary>
static class Arguments
{
    const int MaxPage = 10_000;

    /// <param name="keeps">The strongest level that the store keeps.</param>
    public static EngineOptions Checked(EngineOptions options, Durability keeps)
    {
        var faults = new List<ValidationResult>();
        if (!Validator.TryValidateObject(options, new(options), faults, validateAllProperties: true))
            throw new ArgumentException(string.Join(' ', faults.Select(static fault => fault.ErrorMessage)), nameof(options));
        if (options.Durability <= keeps) return options;
        throw new ArgumentException(
            $"EngineOptions.Durability is {options.Durability}, but the store keeps messages at level {keeps} at most: set it to {keeps}, or use a store that keeps more.",
            nameof(options));
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
