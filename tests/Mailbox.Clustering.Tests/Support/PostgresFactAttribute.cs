using Mailbox.Storage.Tests.PostgreSql;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>A test that is skipped, with the reason, where there is no PostgreSQL.</summary>
[AttributeUsage(AttributeTargets.Method)]
sealed class PostgresFactAttribute : FactAttribute
{
    public PostgresFactAttribute() => Skip = PostgresPrograms.Missing;
}
