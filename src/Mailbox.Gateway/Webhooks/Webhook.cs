using Mailbox.Engine;

namespace Mailbox.Gateway;

/// <summary>What a backend asked to be called for.</summary>
/// <param name="Secrets">Sign the calls; never told again.</param>
/// <param name="Version">Where it is stored: another one is another webhook, or the same with other settings.</param>
/// <param name="At">When it was stored.</param>
/// <param name="Ended">When its endpoint answered 410: it is not called any more, and nothing waits for it.</param>
sealed record Webhook(
    string Name, string Url, IReadOnlyList<string> Events, WebhookSecrets Secrets, Position Version = default, DateTimeOffset At = default, DateTimeOffset? Ended = null)
{
    const int MaxNameLength = 64;

    /// <summary>What waits for it, in the order in which it happened.</summary>
    public MailboxName Mailbox => MailboxOf(Name);

    public bool Wants(string name) => Events.Contains(name);

    /// <summary>The groups whose letters it gets.</summary>
    public IEnumerable<GroupName> Groups
    {
        get
        {
            if (Events.Any(WebhookEvents.Lifecycle.Contains)) yield return MailboxEvents.Group;
            if (Wants(WebhookEvents.Uplink)) yield return MailboxUplinks.Group;
        }
    }

    public static bool IsName(string text) => text.Length <= MaxNameLength && MailboxName.TryParse(text, out _);

    // What happens to a subscriber of events is not told: it would never end.
    public static MailboxName MailboxOf(string name) => MailboxEvents.SubscriberNamed("webhook:" + name);

    /// <summary>Where calls are kept that the endpoint refused for good.</summary>
    public MailboxName Refused => RefusedOf(Name);

    public static MailboxName RefusedOf(string name) => MailboxName.Parse("mailbox.refused:" + name);

    public override string ToString() => $"Webhook {Name}";
}
