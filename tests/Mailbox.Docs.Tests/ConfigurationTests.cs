using System.ComponentModel;
using System.ComponentModel.DataAnnotations;
using System.Reflection;
using System.Text.RegularExpressions;
using Mailbox.Engine;
using Mailbox.Gateway;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The table of configuration keys tells what the options say.</summary>
public sealed partial class ConfigurationTests
{
    static readonly Type[] s_types = [typeof(GatewayOptions), typeof(EngineOptions), typeof(BackendOptions)];
    static readonly string s_page = Readme.Read("docs/configuration.md");

    [Theory]
    [MemberData(nameof(Options))]
    public void An_option_stands_in_the_table_with_its_default_and_its_range(string part, string key)
    {
        var (options, property) = Find(part, key);
        var row = RowOf(part, key);
        var value = property.GetValue(options);

        if (property.GetCustomAttribute<RangeAttribute>() is { } range) Assert.Equal($"`{range.Minimum}` to `{range.Maximum}`", row[2]);
        if (value is IList<string> or "") Assert.Equal("none", row[1]);
        else Assert.Equal(value, TypeDescriptor.GetConverter(property.PropertyType).ConvertFromInvariantString(row[1].Trim('`')));
    }

    [Theory]
    [InlineData("src/Mailbox.Hosting/ServerOptions.cs", "ServerOptions")]
    [InlineData("src/Mailbox.Clustering/NodeOptions.cs", "NodeOptions")]
    public void The_keys_of_a_process_are_those_of_its_table(string file, string part) => Assert.Equal(
        Settable().Matches(Readme.Read(file)).Select(match => $"`{match.Groups[1].Value}`").Order(), Rows(part).Select(row => row[0]).Order());

    [Theory]
    [InlineData(nameof(GatewayOptions))]
    [InlineData(nameof(EngineOptions))]
    [InlineData(nameof(BackendOptions))]
    public void The_table_has_no_other_keys(string part) => Assert.All(Rows(part), row => Find(part, row[0].Trim('`')));

    public static TheoryData<string, string> Options()
    {
        var options = new TheoryData<string, string>();
        foreach (var type in s_types)
            foreach (var property in type.GetProperties().Where(property => property.SetMethod is { IsPublic: true })) options.Add(type.Name, property.Name);
        return options;
    }

    static (object Options, PropertyInfo Property) Find(string part, string key)
    {
        var type = Assert.Single(s_types, type => type.Name == part);
        var property = type.GetProperty(key);
        Assert.NotNull(property);
        return (Activator.CreateInstance(type)!, property);
    }

    static string[] RowOf(string part, string key) => Assert.Single(Rows(part), row => row[0] == $"`{key}`");

    /// <summary>The cells of each row of a part's table.</summary>
    static IEnumerable<string[]> Rows(string part)
    {
        var section = s_page.Split("\n## ").Single(section => section.Split('\n')[0].EndsWith($"`{part}`", StringComparison.Ordinal));
        return section.Split('\n').Where(line => line.StartsWith("| `", StringComparison.Ordinal)).Select(line => line.Trim('|', ' ').Split(" | "));
    }

    [GeneratedRegex(@"public \w+ (\w+) \{ get; set; \}")]
    private static partial Regex Settable();
}
