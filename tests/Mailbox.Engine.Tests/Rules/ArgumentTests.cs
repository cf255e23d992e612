namespace Mailbox.Engine.Tests;

/// <summary>What callers must not ask is refused before it is queued: it can harm nobody else's request.</summary>
public sealed class ArgumentTests
{
    readonly Office _office = new();

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(10_001)]
    public async Task A_page_has_1_to_10000_entries(int limit)
    {
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await _office.Engine.ListAsync(null, limit, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(async () => await _office.Engine.GetGroupAsync(Office.Group("g"), null, limit, TestContext.Current.CancellationToken));
        Assert.False(_office.Engine.Step());
    }

    [Fact]
    public async Task A_mailbox_and_a_group_have_a_name()
    {
        await Assert.ThrowsAsync<ArgumentException>(async () => await _office.Engine.DeliverAsync(default, Office.Draft("x"), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _office.Engine.SendAsync(default, Office.Draft("x"), cancel: TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _office.Engine.OpenAsync(default, new(), null, TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _office.Engine.SetOptionsAsync(default, new(), TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _office.Engine.ChangeMembersAsync(Office.Group("g"), [default], [], TestContext.Current.CancellationToken));
        await Assert.ThrowsAsync<ArgumentException>(async () => await _office.Engine.ChangeMembersAsync(default, [Office.Name("a")], [], TestContext.Current.CancellationToken));
        Assert.False(_office.Engine.Step());
    }

    [Fact]
    public void An_open_checks_what_it_is_given()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => new OpenRequest { WindowMessages = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new OpenRequest { WindowMessages = 1001 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new OpenRequest { WindowBytes = 0 });
        Assert.Throws<ArgumentException>(() => new OpenRequest { Client = "a b" });
        Assert.Throws<ArgumentException>(() => new OpenRequest { After = new(1, -1) });
    }

    [Fact]
    public async Task An_engine_tells_every_option_that_is_out_of_its_range()
    {
        var options = new EngineOptions { MaxKeys = 0, Idle = TimeSpan.Zero, Durability = (Durability)7 };
        var refused = await Assert.ThrowsAsync<ArgumentException>(() => MailboxEngine.StartAsync(_office.Store, options, _office.Time, cancel: TestContext.Current.CancellationToken));
        Assert.All(["MaxKeys", "Idle", "Durability"], name => Assert.Contains(name, refused.Message, StringComparison.Ordinal));
    }
}
