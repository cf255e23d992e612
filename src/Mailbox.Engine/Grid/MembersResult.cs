namespace Mailbox;

/// <summary>The answer to a change of membership.</summary>
/// <param name="Added">Mailboxes that were not members before.</param>
/// <param name="Removed">Mailboxes that were.</param>
/// <param name="Count">Members now.</param>
public readonly record struct MembersResult(Outcome Outcome, int Added = 0, int Removed = 0, int Count = 0);
