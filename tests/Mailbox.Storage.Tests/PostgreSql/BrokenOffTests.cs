using Mailbox.Storage.PostgreSql;
using Xunit;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>A batch that does not come to its end, and connections that are scarce.</summary>
[Collection(PostgresGroup.Name)]
public sealed class BrokenOffTests(PostgresServer server) : IDisposable
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    TwoOwners? _owners;
    bool _fails;

    TwoOwners Owners => _owners ??= new(server, options => options with { MaxConnections = 4, Locked = Fail });

    public void Dispose() => _owners?.Dispose();

    [Fact]
    public async Task What_a_batch_did_that_broke_off_is_not_stored_by_the_next()
    {
        var (ann, bob) = (Owners.First.Make("ann"), Owners.First.Make("bob"));
        await Owners.Join("bob");
        var send = await Owners.Begin("x", await Owners.Ledger.TakeAsync(TwoOwners.Room, TestContext.Current.CancellationToken));
        _fails = true;
        Assert.Throws<StoreException>(() => Owners.First.Commit(
            new MailboxRemoved(ann), StoreDriver.Append(send.Message, new Target(bob, 1)), new SendPartDone(send.Id, [bob], [])));
        Assert.Null(Owners.First.Deliver(bob, 1).Fenced);

        Assert.Equal(["ann", "bob"], Owners.Second.Names());
        Assert.Equal("bob/first", await Owners.Remaining(send));
    }

    [Fact]
    public async Task Readers_that_wait_for_messages_leave_connections_to_others()
    {
        var ann = Owners.First.Make("ann");
        Owners.First.Deliver(ann, 1);
        await using var source = Npgsql.NpgsqlDataSource.Create($"{server.ConnectionString};Search Path={Owners.Schema}");
        await using var connection = await source.OpenConnectionAsync(TestContext.Current.CancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(TestContext.Current.CancellationToken);
        await using (var command = new Npgsql.NpgsqlCommand("LOCK TABLE entries", connection)) await command.ExecuteNonQueryAsync(TestContext.Current.CancellationToken);
        var reads = Enumerable.Range(0, 20).Select(_ => Owners.First.Read(ann, 1)).ToArray();
        await WaitForWaitersAsync();

        Assert.Equal(["ann"], Owners.First.Names());
        await transaction.CommitAsync(TestContext.Current.CancellationToken);
        Assert.All(await Task.WhenAll(reads).WaitAsync(s_patience, TestContext.Current.CancellationToken), static texts => Assert.Equal(["hello"], texts));
    }

    void Fail()
    {
        if (!_fails) return;
        _fails = false;
        throw new StoreException("The database gave no numbers.");
    }

    async Task WaitForWaitersAsync()
    {
        using var patience = new CancellationTokenSource(s_patience);
        while (server.Ask("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'") < 2)
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
    }
}
