namespace Mailbox.Gateway;

/// <summary>One kind of refusal. Name and status are stable: clients act on them (docs/protocol.md).</summary>
sealed record ProblemKind(string Name, int Status, string Title)
{
    public string Type { get; } = "urn:mailbox:problem:" + Name;
}
