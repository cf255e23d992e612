namespace Mailbox.Storage.PostgreSql;

/// <summary>Members that join, then members that leave.</summary>
/// <param name="Add">Each once, in ordinal order: in which everybody locks them.</param>
/// <param name="Defaults">Of mailboxes that are made.</param>
sealed record MembersChange(string Group, string[] Add, string[] Remove, MailboxOptions Defaults, DateTimeOffset Now, Guid Key);
