using System.Globalization;
using System.Reflection;
using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Makes the schema and brings an older one up to date: one script for each version, in order. Any number of processes may do it at once;
/// one does it, the others wait.
/// </summary>
static class SchemaMigration
{
    /// <exception cref="StoreException">A program that is newer by more than one version made the schema.</exception>
    public static void Run(NpgsqlDataSource source, string schema)
    {
        using var connection = source.OpenConnection();
        using var transaction = connection.BeginTransaction();
        Execute(connection, $"SELECT pg_advisory_xact_lock(hashtextextended('mailbox schema {schema}', 0))");
        Execute(connection, $"SET LOCAL client_min_messages = warning; CREATE SCHEMA IF NOT EXISTS {schema}");
        Execute(connection, "CREATE TABLE IF NOT EXISTS schema_version (version integer PRIMARY KEY)");
        Upgrade(connection, schema, Version(connection), FindScripts());
        transaction.Commit();
    }

    static void Upgrade(NpgsqlConnection connection, string schema, int version, (int Version, string Resource)[] scripts)
    {
        // Each script leaves a schema that serves the version before it: that one may start again while silos are upgraded one by one.
        var newest = scripts[^1].Version;
        if (version > newest + 1)
            throw new StoreException($"The schema {schema} has version {version}; this program understands versions up to {newest + 1}.");
        foreach (var script in scripts)
        {
            if (script.Version <= version) continue;
            Execute(connection, TextOf(script.Resource));
            Execute(connection, $"INSERT INTO schema_version VALUES ({script.Version})");
        }
    }

    static int Version(NpgsqlConnection connection)
    {
        using var command = new NpgsqlCommand("SELECT coalesce(max(version), 0) FROM schema_version", connection);
        return (int)command.ExecuteScalar()!;
    }

    static void Execute(NpgsqlConnection connection, string sql)
    {
        using var command = new NpgsqlCommand(sql, connection);
        command.ExecuteNonQuery();
    }

    static string TextOf(string resource)
    {
        using var stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    // 001-log.sql is version 1.
    static (int, string)[] FindScripts() =>
    [
        .. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(name => name.EndsWith(".sql", StringComparison.Ordinal))
            .Order(StringComparer.Ordinal)
            .Select(name => (int.Parse(name.AsSpan(0, 3), CultureInfo.InvariantCulture), name)),
    ];
}
