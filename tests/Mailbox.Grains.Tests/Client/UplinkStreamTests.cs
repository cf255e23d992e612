using System.Text;
using System.Threading.Channels;
using Mailbox.Engine;
using Mailbox.Storage.Journal;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Streams;

namespace Mailbox.Grains.Tests;

/// <summary>What clients say to the backend, as an Orleans stream (spec section 6).</summary>
public sealed class UplinkStreamTests
{
    readonly Channel<string> _told = Channel.CreateUnbounded<string>();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_backend_is_told_once_for_each_number_and_each_key(bool ownsAll)
    {
        await using var grid = await BackendGrid.StartAsync(ownsAll: ownsAll);
        Assert.Equal(Outcome.NotFound, await SayAsync(grid, 1));
        var provider = grid.Backend.GetRequiredService<IClusterClient>().GetStreamProvider("mailbox");
        await provider.GetStream<UplinkLetter>("uplinks", "billing").SubscribeAsync(TellAsync);

        Assert.Equal(Outcome.Stored, await SayAsync(grid, 1, 2));
        Assert.Equal(Outcome.Stored, await SayAsync(grid, 1, 2, 3));
        var keyed = new UplinkRequest(null, [new() { Body = "k"u8.ToArray(), Key = "k" }]);
        for (var i = 0; i < 2; i++) Assert.Equal(Outcome.Stored, (await MailboxesOf(grid).UplinkAsync(MailboxName.Parse("alice"), keyed, TestContext.Current.CancellationToken)).Outcome);

        Assert.Equal("alice:c:1 alice:c:2 alice:c:3 alice::k", await ToldAsync(4));
        Assert.False(_told.Reader.TryRead(out _));
    }

    [Fact]
    public async Task What_the_handler_fails_at_comes_again_before_what_is_after_it()
    {
        await using var grid = await BackendGrid.StartAsync();
        var attempts = 0;
        var ids = new List<string>();
        await grid.Client.Uplinks("billing").SubscribeAsync((letter, _) =>
        {
            ids.Add(letter.Id);
            return ++attempts <= 2 ? throw new InvalidOperationException("Not now.") : TellAsync(letter, null);
        });

        await SayAsync(grid, 1, 2);

        Assert.Equal("alice:c:1 alice:c:2", await ToldAsync(2));
        Assert.Equal(2, ids.Distinct().Count());
    }

    [Fact]
    public async Task What_was_said_while_the_backend_was_away_waits_for_it_also_when_the_silo_restarts()
    {
        var directory = Directory.CreateTempSubdirectory("mailbox-");
        await using var grid = await BackendGrid.StartAsync(
            log: () => DirectoryLog.Open(new() { Directory = directory.FullName }));
        var uplinks = grid.Client.Uplinks("billing");
        var subscription = await uplinks.SubscribeAsync(TellAsync);
        await subscription.ResumeAsync((_, _) => throw new InvalidOperationException("Never."));
        Assert.Equal(Outcome.Stored, await SayAsync(grid, 1));

        await grid.RestartAsync();
        Assert.Equal(Outcome.Stored, await SayAsync(grid, 1));
        await (await uplinks.GetAllSubscriptionHandles()).Single().ResumeAsync(TellAsync);

        Assert.Equal("alice:c:1", await ToldAsync(1));
        directory.Delete(recursive: true);
    }

    [Fact]
    public async Task Who_reads_other_streams_or_takes_the_gateways_name_is_told_so()
    {
        await using var grid = await BackendGrid.StartAsync();
        var provider = grid.Backend.GetRequiredService<IClusterClient>().GetStreamProvider("mailbox");

        Assert.Throws<ArgumentException>(() => provider.GetStream<UplinkLetter>("events", "billing"));
        Assert.Throws<ArgumentException>(() => provider.GetStream<string>("uplinks", "billing"));
        Assert.Throws<ArgumentException>(() => grid.Client.Uplinks("backend"));
    }

    static IMailboxGrid MailboxesOf(BackendGrid grid) => grid.Silo.GetRequiredService<IMailboxGrid>();

    static async Task<Outcome> SayAsync(BackendGrid grid, params int[] numbers)
    {
        var request = new UplinkRequest("c", [.. numbers.Select(static n => new UplinkDraft { Number = n, Body = Encoding.UTF8.GetBytes($"{n}") })]);
        return (await MailboxesOf(grid).UplinkAsync(MailboxName.Parse("alice"), request)).Outcome;
    }

    Task TellAsync(UplinkLetter letter, StreamSequenceToken? token) =>
        _told.Writer.WriteAsync($"{letter.Mailbox}:{letter.Client}:{Encoding.UTF8.GetString(letter.Body.Span)}").AsTask();

    async Task<string> ToldAsync(int count)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var told = new List<string>();
        while (told.Count < count) told.Add(await _told.Reader.ReadAsync(patience.Token));
        return string.Join(' ', told);
    }
}
