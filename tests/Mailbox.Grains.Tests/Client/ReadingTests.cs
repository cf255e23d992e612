using Mailbox.Storage.Journal;

namespace Mailbox.Grains.Tests;

/// <summary>How a .NET backend reads a mailbox (spec section 6).</summary>
public sealed class ReadingTests : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly CancellationTokenSource _patience = new(s_patience);

    [Fact]
    public async Task What_waited_comes_first_and_then_what_arrives()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("desk");
        await DeliverAsync(mailbox, 1, 3);

        await using var reading = mailbox.OpenAsync(new() { PageMessages = 2 }, _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        var taken = await TakeAsync(reading, 3);
        var next = TakeAsync(reading, 1);
        await DeliverAsync(mailbox, 4, 1);

        Assert.Equal(["1", "2", "3"], taken);
        Assert.Equal(["4"], await next);
    }

    [Fact]
    public async Task What_the_loop_came_back_from_is_acknowledged_and_what_it_holds_is_not()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("desk");
        await DeliverAsync(mailbox, 1, 3);

        await using var reading = mailbox.OpenAsync(new() { PageMessages = 1 }, _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await TakeAsync(reading, 2);

        Assert.Equal(1, (await mailbox.GetAsync(TestContext.Current.CancellationToken))!.Acknowledged.Sequence);
    }

    [Fact]
    public async Task A_reader_that_died_gets_again_what_it_had_not_acknowledged()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("desk");
        await DeliverAsync(mailbox, 1, 3);

        await using (var dying = mailbox.OpenAsync(cancel: _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken))
        {
            await TakeAsync(dying, 2);
            await mailbox.AcknowledgeAsync(dying.Current.Position with { Sequence = 1 }, TestContext.Current.CancellationToken);
        }
        await using var next = mailbox.OpenAsync(cancel: _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);

        Assert.Equal(["2", "3"], await TakeAsync(next, 2));
    }

    [Fact]
    public async Task A_reader_may_leave_all_acknowledging_to_its_owner()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("desk");
        await DeliverAsync(mailbox, 1, 3);

        await using var reading = mailbox.OpenAsync(new() { PageMessages = 1, AcknowledgesByReading = false }, _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await TakeAsync(reading, 3);

        Assert.Equal((0, 3), ((await mailbox.GetAsync(TestContext.Current.CancellationToken))!.Acknowledged.Sequence, (await mailbox.GetAsync(TestContext.Current.CancellationToken))!.Messages));
    }

    [Fact]
    public async Task What_is_missing_is_an_item_between_the_messages()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("desk");
        await mailbox.SetOptionsAsync(new() { MaxMessages = 2 }, TestContext.Current.CancellationToken);
        await DeliverAsync(mailbox, 1, 1);
        await using var reading = mailbox.OpenAsync(new() { From = StartFrom.Unread }, _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await TakeAsync(reading, 1);
        await DeliverAsync(mailbox, 2, 4);

        await reading.MoveNextAsync();
        var gap = reading.Current.Gap;

        Assert.Equal((GapReason.Overflow, 1, 3), (gap!.Reason, gap.From.Sequence, gap.To.Sequence));
        Assert.Equal(["4", "5"], await TakeAsync(reading, 2));
    }

    [Fact]
    public async Task Reading_goes_on_by_position_when_the_silo_was_gone()
    {
        var directory = Directory.CreateTempSubdirectory("mailbox-");
        await using var grid = await BackendGrid.StartAsync(
            log: () => DirectoryLog.Open(new() { Directory = directory.FullName }));
        var mailbox = grid.Client.Mailbox("desk");
        await DeliverAsync(mailbox, 1, 2);
        await using var reading = mailbox.OpenAsync(new() { PageMessages = 1 }, _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await TakeAsync(reading, 2);
        var next = TakeAsync(reading, 1);

        await grid.RestartAsync();
        await DeliverAsync(mailbox, 3, 1);

        Assert.Equal(["3"], await next);
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task A_reader_whose_mailbox_is_removed_is_told()
    {
        await using var grid = await BackendGrid.StartAsync();
        var mailbox = grid.Client.Mailbox("desk");
        await DeliverAsync(mailbox, 1, 1);
        await using var reading = mailbox.OpenAsync(cancel: _patience.Token).GetAsyncEnumerator(TestContext.Current.CancellationToken);
        await TakeAsync(reading, 1);
        var next = reading.MoveNextAsync().AsTask();
        while ((await mailbox.GetAsync(TestContext.Current.CancellationToken))!.Connections == 0) await Task.Yield();

        await mailbox.DeleteAsync(TestContext.Current.CancellationToken);

        Assert.Equal(Ending.Deleted, (await Assert.ThrowsAsync<MailboxReadingEndedException>(() => next)).Ending);
    }

    public void Dispose() => _patience.Dispose();

    static async Task DeliverAsync(MailboxClient mailbox, int first, int count)
    {
        for (var i = first; i < first + count; i++) await mailbox.DeliverAsync(MessageDraft.FromText($"{i}"));
    }

    static async Task<List<string>> TakeAsync(IAsyncEnumerator<Received> reading, int count)
    {
        var taken = new List<string>();
        while (taken.Count < count && await reading.MoveNextAsync()) taken.Add(BackendGrid.TextOf(reading.Current));
        return taken;
    }
}
