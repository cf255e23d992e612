using Xunit;

namespace Mailbox.Docs.Tests;

public sealed class ReadmeTests
{
    [Fact]
    public void The_code_in_the_readme_is_the_code_that_is_compiled()
    {
        var shown = Readme.Compiled().ToList();

        Assert.NotEmpty(shown);
        Assert.All(shown, one => Assert.Equal(Readme.Read(one.File), one.Code));
    }

    [Theory]
    [InlineData("README.md", "")]
    [InlineData("docs/configuration.md", "docs")]
    [InlineData("docs/message-path.md", "docs")]
    [InlineData("docs/guarantees.md", "docs")]
    [InlineData("docs/protocol.md", "docs")]
    [InlineData("docs/multiplex.md", "docs")]
    [InlineData("docs/backend.md", "docs")]
    [InlineData("docs/backends.md", "docs")]
    [InlineData("docs/trucks.md", "docs")]
    [InlineData("docs/decisions/README.md", "docs/decisions")]
    public void Every_link_leads_somewhere(string file, string folder) =>
        Assert.All(Readme.Links(Readme.Read(file)), link => Assert.True(Readme.Has(Path.Combine(folder, link)), link));

    [Theory]
    [InlineData("docs", "README.md", "docs/")]
    [InlineData("docs/decisions", "docs/decisions/README.md", "")]
    public void Every_page_is_listed(string folder, string list, string prefix) => Assert.All(
        Readme.Pages(folder).Where(page => page != "README.md"),
        page => Assert.Contains($"]({prefix}{page})", Readme.Read(list), StringComparison.Ordinal));
}
