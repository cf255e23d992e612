namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>Where PostgreSQL's server is on this machine.</summary>
static class PostgresPrograms
{
    static readonly string? s_directory = Find();

    /// <exception cref="FileNotFoundException">There is no server on this machine.</exception>
    public static string Path(string program) => System.IO.Path.Combine(
        s_directory ?? throw new FileNotFoundException("PostgreSQL's server (initdb, postgres) was not found: install Debian's package postgresql."), program);

    static string? Find() => Candidates().LastOrDefault(
        directory => File.Exists(System.IO.Path.Combine(directory, "initdb")) && File.Exists(System.IO.Path.Combine(directory, "postgres")));

    static IEnumerable<string> Candidates()
    {
        var path = Environment.GetEnvironmentVariable("PATH") ?? "";
        var debian = Directory.Exists("/usr/lib/postgresql") ? Directory.GetDirectories("/usr/lib/postgresql") : [];
        return [.. path.Split(':').Where(part => part.Length > 0), .. debian.Order().Select(version => version + "/bin")];
    }
}
