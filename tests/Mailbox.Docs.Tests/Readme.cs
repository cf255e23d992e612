using System.Reflection;
using System.Text.RegularExpressions;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The README and what it shows, and the other files of the project.</summary>
static partial class Readme
{
    static readonly string s_root = typeof(Readme).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Root").Value!;

    public static string Text { get; } = Read("README.md");

    public static string Read(string path) => File.ReadAllText(Path.Combine(s_root, path));

    /// <summary>The file under <c>src</c> that has a type of that name, or those of a partial one.</summary>
    public static string ReadSourceOf(string type)
    {
        var declaration = new Regex($@"^(public |sealed |static |abstract |internal |partial |readonly )*(class|interface|struct|record) {type}\b", RegexOptions.Multiline);
        var found = Directory.EnumerateFiles(Path.Combine(s_root, "src"), "*.cs", SearchOption.AllDirectories).Select(File.ReadAllText).Where(text => declaration.IsMatch(text)).ToList();
        Assert.True(found.Count == 1 || found.TrueForAll(static text => text.Contains("partial", StringComparison.Ordinal)), $"{found.Count} files have {type}.");
        return string.Join('\n', found);
    }

    /// <summary>The names of the pages in a folder.</summary>
    public static IEnumerable<string> Pages(string folder) =>
        Directory.EnumerateFiles(Path.Combine(s_root, folder), "*.md").Select(path => Path.GetFileName(path));

    public static bool Has(string path) => File.Exists(Path.Combine(s_root, path)) || Directory.Exists(Path.Combine(s_root, path));

    /// <summary>The shell commands behind <c>run: NAME</c>.</summary>
    public static string Commands(string name) => Shell().Matches(Text).Single(match => match.Groups[1].Value == name).Groups[2].Value;

    /// <summary>The code behind <c>compiled: FILE</c>, by file.</summary>
    public static IEnumerable<(string File, string Code)> Compiled() => Code().Matches(Text).Select(match => (match.Groups[1].Value, match.Groups[2].Value));

    /// <summary>Every link that stays within the project.</summary>
    public static IEnumerable<string> Links(string text) => Link().Matches(text).Select(match => match.Groups[1].Value);

    /// <summary>The bytes behind <c>wire: NAME</c> of a page, with the lines' ends of HTTP.</summary>
    public static string Wire(string page, string name) => Exchange().Matches(Read(page)).Single(match => match.Groups[1].Value == name)
        .Groups[2].Value.Replace("\n", "\r\n", StringComparison.Ordinal);

    /// <summary>The answer of an application behind <c>answer: NAME</c>, with the lines' ends of HTTP.</summary>
    public static string Answer(string name) => Answered().Matches(Text).Single(match => match.Groups[1].Value == name)
        .Groups[2].Value.Replace("\n", "\r\n", StringComparison.Ordinal);

    [GeneratedRegex(@"<!-- answer: (\S+) -->\n```\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Answered();

    [GeneratedRegex(@"<!-- run: (\S+) -->\n```sh\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Shell();

    [GeneratedRegex(@"<!-- compiled: (\S+) -->\n```csharp\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Code();

    [GeneratedRegex(@"<!-- wire: (\S+) -->\n```\w*\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Exchange();

    [GeneratedRegex(@"\]\((?!https?:)([^)#]+)")]
    private static partial Regex Link();
}
