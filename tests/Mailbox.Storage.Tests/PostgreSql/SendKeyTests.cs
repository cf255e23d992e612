using Xunit;
using static Mailbox.Storage.Tests.PostgreSql.TwoOwners;

namespace Mailbox.Storage.Tests.PostgreSql;

[Collection(PostgresGroup.Name)]
public sealed class SendKeyTests(PostgresServer server) : IDisposable
{
    readonly TwoOwners _owners = new(server);

    public void Dispose() => _owners.Dispose();

    [Fact]
    public async Task The_same_key_answers_as_the_first_did_whoever_sends()
    {
        await SendWholeAsync(Key(1));
        var again = await _owners.OtherLedger.BeginAsync(Room, await _owners.OtherLedger.TakeAsync(Room, TestContext.Current.CancellationToken), Intent("x", Key(1)), TestContext.Current.CancellationToken);
        Assert.Null(again.Send);
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), again.Answer);
    }

    [Fact]
    public async Task The_same_key_with_another_message_is_refused()
    {
        var fence = await SendWholeAsync(Key(1));
        Assert.Equal(Outcome.KeyReused, (await _owners.Ledger.BeginAsync(Room, fence, Intent("y", Key(1, digest: 8)), TestContext.Current.CancellationToken)).Answer.Outcome);
    }

    [Fact]
    public async Task A_key_that_has_ended_is_forgotten()
    {
        var fence = await SendWholeAsync(Key(1) with { Expires = (uint)StoreDriver.Noon.ToUnixTimeSeconds() });
        Assert.NotNull((await _owners.Ledger.BeginAsync(Room, fence, Intent("x", Key(1)), TestContext.Current.CancellationToken)).Send);
    }

    [Fact]
    public async Task The_key_of_an_open_send_is_remembered_by_who_finishes_it()
    {
        var ann = _owners.First.Make("ann");
        await _owners.Join("ann");
        var begun = await _owners.Ledger.BeginAsync(Room, await _owners.Ledger.TakeAsync(Room, TestContext.Current.CancellationToken), Intent("x", Key(1)), TestContext.Current.CancellationToken);
        var fence = await _owners.OtherLedger.TakeAsync(Room, TestContext.Current.CancellationToken);
        Store(_owners.First, begun.Send!, ann);
        await _owners.OtherLedger.FinishAsync(Room, fence, begun.Send!.Id, TestContext.Current.CancellationToken);
        Assert.Null((await _owners.OtherLedger.BeginAsync(Room, fence, Intent("x", Key(1)), TestContext.Current.CancellationToken)).Send);
    }

    [Fact]
    public async Task A_key_of_a_send_that_nobody_got_is_not_remembered()
    {
        await _owners.Join("ann");
        var fence = await _owners.Ledger.TakeAsync(Room, TestContext.Current.CancellationToken);
        var begun = await _owners.Ledger.BeginAsync(Room, fence, Intent("x", Key(1)), TestContext.Current.CancellationToken);
        Assert.Equal(new(Outcome.Stored, 1, 0, 1), await _owners.Ledger.FinishAsync(Room, fence, begun.Send!.Id, TestContext.Current.CancellationToken));
        Assert.NotNull((await _owners.Ledger.BeginAsync(Room, fence, Intent("x", Key(1)), TestContext.Current.CancellationToken)).Send);
    }

    [Fact]
    public async Task Beyond_the_bound_new_keys_are_refused_and_known_ones_answered()
    {
        await SendWholeAsync(Key(1));
        var fence = await SendWholeAsync(Key(2), sequence: 2);
        Assert.Equal(Outcome.TooManyKeys, (await _owners.Ledger.BeginAsync(Room, fence, Intent("x", Key(3)), TestContext.Current.CancellationToken)).Answer.Outcome);
        Assert.Equal(Outcome.Stored, (await _owners.Ledger.BeginAsync(Room, fence, Intent("x", Key(2)), TestContext.Current.CancellationToken)).Answer.Outcome);
        Assert.NotNull((await _owners.Ledger.BeginAsync(Room, fence, Intent("x"), TestContext.Current.CancellationToken)).Send);
    }

    async Task<long> SendWholeAsync(SendKey key, long sequence = 1)
    {
        await _owners.Join("ann");
        var fence = await _owners.Ledger.TakeAsync(Room);
        var begun = await _owners.Ledger.BeginAsync(Room, fence, Intent("x", key));
        var ann = _owners.First.Load("ann")!.Handle;
        Assert.Null(Store(_owners.First, begun.Send!, ann).Fenced);
        Assert.Equal(sequence, _owners.First.Load("ann")!.Marks.Tail);
        await _owners.Ledger.FinishAsync(Room, fence, begun.Send!.Id);
        return fence;
    }
}
