using System.Net;
using Mailbox.Storage;
using Mailbox.Storage.Tests.PostgreSql;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Npgsql;
using Orleans.Configuration;
using Orleans.Runtime.MembershipService;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>What Orleans asks of its table of members, with our tables and queries.</summary>
public sealed class MembershipTablesTests(PostgresServer server) : IDisposable
{
    static readonly DateTime s_start = new(2026, 3, 1, 12, 0, 0, DateTimeKind.Utc);

    readonly List<NpgsqlDataSource> _databases = [];

    public void Dispose() => _databases.ForEach(static database => database.Dispose());

    [Fact]
    public async Task Many_may_make_the_tables_at_once_and_again()
    {
        var (tables, _) = NewSchema();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => tables.MakeAsync(TestContext.Current.CancellationToken))));
        await tables.MakeAsync(TestContext.Current.CancellationToken);
    }

    [Fact]
    public async Task A_cluster_without_members_has_a_version()
    {
        var table = await NewTableAsync();

        var read = await table.ReadAllAsync(TestContext.Current.CancellationToken);

        Assert.Empty(read.Members);
        Assert.Equal(0, read.Version.Version);
        Assert.Empty((await table.ReadRowAsync(Member(1).SiloAddress, TestContext.Current.CancellationToken)).Members);
    }

    [Fact]
    public async Task A_member_reads_as_it_was_written()
    {
        var table = await NewTableAsync();
        var member = Member(1);

        Assert.True(await InsertAsync(table, member));

        var read = Assert.Single((await table.ReadRowAsync(member.SiloAddress, TestContext.Current.CancellationToken)).Members).Item1;
        Assert.Equal(
            (member.SiloAddress, member.SiloName, member.HostName, member.Status, member.ProxyPort, member.StartTime, member.IAmAliveTime),
            (read.SiloAddress, read.SiloName, read.HostName, read.Status, read.ProxyPort, read.StartTime, read.IAmAliveTime));
    }

    [Fact]
    public async Task Who_read_an_older_version_changes_nothing()
    {
        var table = await NewTableAsync();
        var old = (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Version.Next();
        await InsertAsync(table, Member(1));

        Assert.False(await table.InsertRowAsync(Member(2), old, TestContext.Current.CancellationToken));
        Assert.False(await table.UpdateRowAsync(Member(1), old.VersionEtag, old, TestContext.Current.CancellationToken));

        var read = await table.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (read.Members.Count, read.Version.Version));
    }

    [Fact]
    public async Task Of_many_who_join_with_one_version_one_wins()
    {
        var table = await NewTableAsync();
        var next = (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Version.Next();

        var answers = await Task.WhenAll(Enumerable.Range(1, 20).Select(port => Task.Run(() => table.InsertRowAsync(Member(port), next, TestContext.Current.CancellationToken))));

        Assert.Single(answers, static won => won);
        var read = await table.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal((1, 1), (read.Members.Count, read.Version.Version));
    }

    [Fact]
    public async Task A_member_joins_once()
    {
        var table = await NewTableAsync();

        Assert.True(await InsertAsync(table, Member(1)));
        Assert.False(await InsertAsync(table, Member(1)));

        Assert.Equal(1, (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Version.Version);
    }

    [Fact]
    public async Task A_change_of_a_member_raises_the_version_and_a_sign_of_life_does_not()
    {
        var table = await NewTableAsync();
        var member = Member(1);
        await InsertAsync(table, member);

        member.AddSuspector(Member(2).SiloAddress, s_start);
        member.Status = SiloStatus.Dead;
        Assert.True(await UpdateAsync(table, member));
        var changed = await table.ReadAllAsync(TestContext.Current.CancellationToken);
        member.IAmAliveTime = s_start.AddMinutes(5);
        await table.UpdateIAmAliveAsync(member, TestContext.Current.CancellationToken);

        var read = await table.ReadAllAsync(TestContext.Current.CancellationToken);
        Assert.Equal(Etags(changed), Etags(read));
        var found = Assert.Single(read.Members).Item1;
        Assert.Equal((2, SiloStatus.Dead, s_start.AddMinutes(5)), (read.Version.Version, found.Status, found.IAmAliveTime));
        Assert.Equal(Member(2).SiloAddress, Assert.Single(found.SuspectTimes!).Item1);
    }

    [Fact]
    public async Task Nobody_who_did_not_join_can_be_changed()
    {
        var table = await NewTableAsync();

        var version = (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Version;
        Assert.False(await table.UpdateRowAsync(Member(1), version.VersionEtag, version.Next(), TestContext.Current.CancellationToken));

        Assert.Equal(0, (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Version.Version);
    }

    [Fact]
    public async Task Only_the_dead_of_long_ago_are_forgotten()
    {
        var table = await NewTableAsync();
        await InsertAsync(table, Member(1, SiloStatus.Dead, s_start));
        await InsertAsync(table, Member(2, SiloStatus.Dead, s_start.AddDays(2)));
        await InsertAsync(table, Member(3, SiloStatus.Active, s_start));
        await InsertAsync(table, Member(4, SiloStatus.Joining, s_start));
        await InsertAsync(table, Member(5, SiloStatus.ShuttingDown, s_start));

        await table.CleanupDefunctSiloEntriesAsync(s_start.AddDays(1), TestContext.Current.CancellationToken);

        Assert.Equal([2, 3, 4, 5], (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Members.Select(static member => member.Item1.SiloAddress.Endpoint.Port).Order());
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_dead_member_is_forgotten_whether_it_was_suspected_or_left(bool isSuspected)
    {
        var table = await NewTableAsync();
        var member = Member(1);
        await InsertAsync(table, member);
        if (isSuspected) member.AddSuspector(Member(2).SiloAddress, s_start);
        member.Status = SiloStatus.Dead;
        Assert.True(await UpdateAsync(table, member));

        await table.CleanupDefunctSiloEntriesAsync(s_start.AddDays(1), TestContext.Current.CancellationToken);

        Assert.Empty((await table.ReadAllAsync(TestContext.Current.CancellationToken)).Members);
    }

    [Fact]
    public async Task Clusters_in_one_database_do_not_see_each_other()
    {
        var (tables, database) = NewSchema();
        await tables.MakeAsync(TestContext.Current.CancellationToken);
        var (one, other) = (TableOf("one", database), TableOf("other", database));
        await Task.WhenAll(one.InitializeMembershipTableAsync(true, TestContext.Current.CancellationToken), other.InitializeMembershipTableAsync(true, TestContext.Current.CancellationToken));

        await InsertAsync(one, Member(1));
        Assert.Empty((await other.ReadAllAsync(TestContext.Current.CancellationToken)).Members);
        await other.DeleteMembershipTableEntriesAsync("other", TestContext.Current.CancellationToken);

        Assert.Single((await one.ReadAllAsync(TestContext.Current.CancellationToken)).Members);
    }

    [Fact]
    public async Task A_database_that_cannot_be_reached_is_told()
    {
        await using var tables = new MembershipTables(NpgsqlDataSource.Create("Host=127.0.0.1;Port=1;Username=nobody;Timeout=2"), "anything", ClusterDatabase.NewStart());

        await Assert.ThrowsAsync<StoreException>(() => tables.MakeAsync(TestContext.Current.CancellationToken));
    }

    async Task<AdoNetClusteringTable> NewTableAsync()
    {
        var (tables, database) = NewSchema();
        await tables.MakeAsync(TestContext.Current.CancellationToken);
        var table = TableOf("test", database);
        await table.InitializeMembershipTableAsync(true, TestContext.Current.CancellationToken);
        return table;
    }

    (MembershipTables Tables, NpgsqlDataSource Database) NewSchema()
    {
        var schema = server.NewSchema().Schema;
        var database = NpgsqlDataSource.Create(new NpgsqlConnectionStringBuilder(server.ConnectionString) { SearchPath = schema });
        _databases.Add(database);
        return (new(database, schema, ClusterDatabase.NewStart()), database);
    }

    static AdoNetClusteringTable TableOf(string cluster, NpgsqlDataSource database) => new(
        new ServiceCollection().BuildServiceProvider(), Options.Create(new ClusterOptions { ClusterId = cluster }),
        Options.Create(new AdoNetClusteringSiloOptions { Invariant = "Npgsql", DataSource = database }),
        NullLogger<AdoNetClusteringTable>.Instance);

    static async Task<bool> InsertAsync(AdoNetClusteringTable table, MembershipEntry member) =>
        await table.InsertRowAsync(member, (await table.ReadAllAsync(TestContext.Current.CancellationToken)).Version.Next(), TestContext.Current.CancellationToken);

    /// <summary>As Orleans does: with the ETag of the row that it read.</summary>
    static async Task<bool> UpdateAsync(AdoNetClusteringTable table, MembershipEntry member)
    {
        var read = await table.ReadRowAsync(member.SiloAddress, TestContext.Current.CancellationToken);
        return await table.UpdateRowAsync(member, Assert.Single(read.Members).Item2, read.Version.Next(), TestContext.Current.CancellationToken);
    }

    static (int Version, string Etag, string Row) Etags(MembershipTableData read) =>
        (read.Version.Version, read.Version.VersionEtag, Assert.Single(read.Members).Item2);

    static MembershipEntry Member(int port, SiloStatus status = SiloStatus.Joining, DateTime? alive = null) => new()
    {
        SiloAddress = SiloAddress.New(IPAddress.Loopback, port, 7),
        SiloName = $"silo {port}",
        HostName = "host",
        Status = status,
        ProxyPort = 30000 + port,
        StartTime = s_start,
        IAmAliveTime = alive ?? s_start,
    };
}
