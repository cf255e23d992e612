namespace Mailbox.Gateway;

/// <summary>A metric's stable name, its Prometheus type and its help.</summary>
sealed record Metric(string Name, string Type, string Help);
