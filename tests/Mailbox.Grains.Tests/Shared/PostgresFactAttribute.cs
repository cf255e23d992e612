using Mailbox.Storage.Tests.PostgreSql;

namespace Mailbox.Grains.Tests.Shared;

/// <summary>A test that is skipped, with the reason, where there is no PostgreSQL server.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresPrograms.Missing;
}
