using Mailbox.Storage.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>A mailbox changes its owner while the former one is in the middle of a commit.</summary>
[Collection(PostgresGroup.Name)]
public sealed class TakeoverTests(PostgresServer server) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly SemaphoreSlim _isHeld = new(0);
    readonly SemaphoreSlim _goesOn = new(0);
    // Longer than a busy machine may take for a test: only a batch that is meant to hang is to be ended by the database.
    TimeSpan _stall = TimeSpan.FromSeconds(60);
    TwoOwners? _owners;
    bool _holds;

    TwoOwners Owners => _owners ??= new(server, options => options with { StalledTransactionTimeout = _stall, Locked = Hold });

    public void Dispose()
    {
        _owners?.Dispose();
        _isHeld.Dispose();
        _goesOn.Dispose();
    }

    [Fact]
    public async Task A_batch_that_hangs_uncommitted_stores_nothing_once_the_mailbox_was_taken()
    {
        _stall = TimeSpan.FromSeconds(1);
        var ann = Owners.First.Make("ann");
        _holds = true;
        var former = Task.Run(() => Owners.First.Deliver(ann, 1, "former"));
        Assert.True(await _isHeld.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        // Waits for the locks of the batch until the database ends the session that does not go on.
        var taken = await Task.Run(() => Owners.Second.Load("ann")!).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Owners.Second.Deliver(taken.Handle, 1, "new");
        _goesOn.Release();

        await Assert.ThrowsAnyAsync<StoreException>(() => former);
        Assert.Equal(["new"], await Owners.Second.Read(taken.Handle, 1));
        Assert.Single(Owners.Second.Load("ann")!.Entries);
    }

    [Fact]
    public async Task A_batch_that_waited_behind_the_new_owner_stores_nothing()
    {
        var ann = Owners.First.Make("ann");
        await using var source = Npgsql.NpgsqlDataSource.Create($"{server.ConnectionString};Search Path={Owners.Schema}");
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new Npgsql.NpgsqlCommand("SELECT FROM mailboxes FOR UPDATE", connection)) await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var taking = Task.Run(() => Owners.Second.Load("ann")!);
        await WaitForWaitersAsync(1);
        var former = Task.Run(() => Owners.First.Deliver(ann, 1, "former"));
        await WaitForWaitersAsync(2);
        await transaction.CommitAsync(TestContext.Current.CancellationToken);

        Assert.Equal([ann], (await former.WaitAsync(s_patience, TestContext.Current.CancellationToken)).Fenced!);
        Assert.Empty((await taking.WaitAsync(s_patience, TestContext.Current.CancellationToken)).Entries);
        Assert.Empty(Owners.Second.Load("ann")!.Entries);
    }

    [Fact]
    public async Task A_batch_that_was_first_is_seen_whole_by_the_new_owner()
    {
        var ann = Owners.First.Make("ann");
        _holds = true;
        var former = Task.Run(() => Owners.First.Deliver(ann, 1, "former"));
        Assert.True(await _isHeld.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        var taking = Task.Run(() => Owners.Second.Load("ann")!);
        await WaitForWaitersAsync(1);
        _goesOn.Release();
        Assert.Null((await former.WaitAsync(s_patience, TestContext.Current.CancellationToken)).Fenced);
        Assert.Single((await taking.WaitAsync(s_patience, TestContext.Current.CancellationToken)).Entries);
        Assert.Equal([ann], Owners.First.Deliver(ann, 2).Fenced!);
    }

    [Fact]
    public async Task The_end_of_a_send_waits_for_a_part_that_is_being_stored()
    {
        var ann = Owners.First.Make("ann");
        await Owners.Join("ann");
        var fence = await Owners.OtherLedger.TakeAsync(TwoOwners.Room, TestContext.Current.CancellationToken);
        var send = (await Owners.OtherLedger.BeginAsync(TwoOwners.Room, fence, TwoOwners.Intent("x"), TestContext.Current.CancellationToken)).Send!;
        _holds = true;
        var part = Task.Run(() => TwoOwners.Store(Owners.First, send, ann));
        Assert.True(await _isHeld.WaitAsync(s_patience, TestContext.Current.CancellationToken));
        var finishing = Owners.OtherLedger.FinishAsync(TwoOwners.Room, fence, send.Id, TestContext.Current.CancellationToken).AsTask();
        await WaitForWaitersAsync(1);
        _goesOn.Release();
        Assert.Null((await part.WaitAsync(s_patience, TestContext.Current.CancellationToken)).Fenced);
        Assert.Equal(new(Outcome.Stored, 1, 1, 0), await finishing.WaitAsync(s_patience, TestContext.Current.CancellationToken));
    }

    void Hold()
    {
        if (!_holds) return;
        _holds = false;
        _isHeld.Release();
        _goesOn.Wait(s_patience);
    }

    async Task WaitForWaitersAsync(int count)
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (server.Ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") < count)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
