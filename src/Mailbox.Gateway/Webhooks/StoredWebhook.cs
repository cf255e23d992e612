namespace Mailbox.Gateway;

/// <summary>A webhook as it is kept; without a URL it was removed.</summary>
sealed record StoredWebhook(string Name, string? Url, IReadOnlyList<string>? Events, string? Secret);
