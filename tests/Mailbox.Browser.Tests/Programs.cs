using System.Reflection;

namespace Mailbox.Browser.Tests;

/// <summary>Where the programs are that the tests start.</summary>
static class Programs
{
    public static string Host { get; } = PathOf(nameof(Host));

    public static string Ticker { get; } = PathOf(nameof(Ticker));

    public static string Chat { get; } = PathOf(nameof(Chat));

    static string PathOf(string name) =>
        typeof(Programs).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == name).Value!;
}
