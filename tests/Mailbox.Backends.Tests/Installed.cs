using System.Reflection;

namespace Mailbox.Backends.Tests;

/// <summary>The programs that applications are run by, and where they are.</summary>
static class Installed
{
    public static string? PhpFpm { get; } = Find("php-fpm") ?? Directory.GetFiles("/usr/sbin", "php-fpm*").Order().LastOrDefault();

    public static string? Perl { get; } = Directory.GetFiles("/usr/lib", "FCGI.pm", new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, MaxRecursionDepth = 5 }).Length > 0 ? Find("perl") : null;

    public static string? Node { get; } = Find("node");

    public static string? Python { get; } = Find("python3");

    public static string Samples { get; } = Told(nameof(Samples));

    public static string Scripts { get; } = Told(nameof(Scripts));

    public static string Chat { get; } = Told(nameof(Chat));

    static string? Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists);

    static string Told(string name) => typeof(Installed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == name).Value!;
}
