namespace Mailbox.Gateway;

/// <summary>A webhook as it is kept; without a URL it was removed. The former secret and what follows it came later: stored webhooks may lack them.</summary>
sealed record StoredWebhook(
    string Name, string? Url, IReadOnlyList<string>? Events, string? Secret,
    string? FormerSecret = null, DateTimeOffset? FormerUntil = null, DateTimeOffset? Ended = null);
