using System.Reflection;

namespace Mailbox.Backends.Tests;

/// <summary>The programs that applications are run by, and where they are.</summary>
static class Installed
{
    /// <summary>Debian names it after its version.</summary>
    public static string PhpFpm { get; } = Directory.GetFiles("/usr/sbin", "php-fpm*").Order().LastOrDefault() ?? Find("php-fpm");

    /// <summary>With its module FCGI (Debian: libfcgi-perl).</summary>
    public static string Perl { get; } = Find("perl");

    public static string Node { get; } = Find("node");

    public static string Python { get; } = Find("python3");

    public static string Samples { get; } = Told(nameof(Samples));

    public static string Scripts { get; } = Told(nameof(Scripts));

    public static string Chat { get; } = Told(nameof(Chat));

    static string Find(string program) =>
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':').Append("/usr/sbin").Select(directory => Path.Combine(directory, program)).FirstOrDefault(File.Exists)
            ?? throw new FileNotFoundException($"There is no {program} on this machine.");

    static string Told(string name) => typeof(Installed).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == name).Value!;
}
