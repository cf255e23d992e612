namespace Mailbox.Gateway.Tests;

/// <summary>A call to a <see cref="Listener"/>.</summary>
sealed record Heard(string Method, IReadOnlyDictionary<string, string> Headers, string Body);
