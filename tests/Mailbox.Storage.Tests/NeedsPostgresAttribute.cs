namespace Mailbox.Storage.Tests;

[AttributeUsage(AttributeTargets.Class)]
sealed class NeedsPostgresAttribute : Attribute
{
}
