namespace Mailbox.Engine.Tests;

public sealed class NameTests
{
    [Theory, Trait("Rule", "M1")]
    [InlineData("a", true)]
    [InlineData("A-Z.a_z~0:9@x", true)]
    [InlineData("", false)]
    [InlineData(".", false)]
    [InlineData("..", false)]
    [InlineData("...", true)]
    [InlineData("a/b", false)]
    [InlineData("a b", false)]
    [InlineData("ä", false)]
    public void A_mailbox_name_is_of_the_allowed_characters(string name, bool allowed) => Assert.Equal(allowed, MailboxName.TryParse(name, out _));

    [Theory, Trait("Rule", "M1")]
    [InlineData(128, true)]
    [InlineData(129, false)]
    public void A_mailbox_name_has_128_characters_at_most(int length, bool allowed) =>
        Assert.Equal(allowed, MailboxName.TryParse(new('x', length), out _));

    [Theory, Trait("Rule", "G1")]
    [InlineData("a/b/c", true)]
    [InlineData("a//b", false)]
    [InlineData("/a", false)]
    [InlineData("a/", false)]
    [InlineData("a/../b", false)]
    [InlineData("a/./b", false)]
    [InlineData("a/.../b", true)]
    public void A_group_name_has_segments_none_of_them_empty_or_dots(string name, bool allowed) =>
        Assert.Equal(allowed, GroupName.TryParse(name, out _));

    [Fact, Trait("Rule", "M1")]
    public void Names_are_case_sensitive()
    {
        var office = new Office();
        office.Deliver("a", "1");
        office.Deliver("A", "2");
        Assert.Equal(("1", "2"), (office.Peek("a"), office.Peek("A")));
    }
}
