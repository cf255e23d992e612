namespace Mailbox.Gateway;

/// <summary>What a webhook can be told of.</summary>
static class WebhookEvents
{
    public const string Uplink = "uplink";

    /// <summary>Of the lifecycle of mailboxes (spec M16).</summary>
    public static IReadOnlyList<string> Lifecycle { get; } = ["opened", "connected", "disconnected", "overflowed", "expired", "deleted"];
}
