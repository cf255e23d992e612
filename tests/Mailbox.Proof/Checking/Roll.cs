namespace Mailbox.Proof.Checking;

/// <summary>The members of each group, as they were told from <paramref name="Begun"/> to <paramref name="Ended"/>.</summary>
sealed record Roll(IReadOnlyDictionary<string, IReadOnlySet<string>> Members, TimeSpan Begun, TimeSpan Ended);
