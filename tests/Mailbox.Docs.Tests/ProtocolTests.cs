using System.Text.RegularExpressions;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The tables of the protocol name what the program has.</summary>
public sealed partial class ProtocolTests
{
    static readonly string s_page = Readme.Read("docs/protocol.md");

    [Fact]
    public void Every_problem_is_documented_with_its_status()
    {
        var problems = ProblemName().Matches(Readme.Read("src/Mailbox.Gateway/Http/ProblemKinds.cs"));

        Assert.NotEmpty(problems);
        Assert.All(problems, problem => Assert.Matches($@"\n\| `{problem.Groups[1]}` \| {problem.Groups[2]}(, retry)? \|", s_page));
    }

    [GeneratedRegex(@"new\(""([a-z-]+)"", (\d+),")]
    private static partial Regex ProblemName();
}
