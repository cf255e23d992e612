using Npgsql;

namespace Mailbox.Storage.PostgreSql;

/// <summary>
/// Groups in the database of a <see cref="PostgresStore"/>, which any number of processes ask and change; one at a time sends to a group
/// (spec G5, G9). A send fixes its members when it begins. What its parts did the stores record as they commit their messages.
/// Every member throws a <see cref="StoreException"/> where the database fails, an <see cref="UncertainStoreException"/> where it is not
/// known whether a change is stored. Safe from any thread; lives as long as its store.
/// </summary>
/// <param name="store">One of those that share the database; it has made the schema.</param>
/// <param name="maxKeys">Idempotency keys of sends that this process stores before new ones are refused (spec M13).</param>
public sealed class PostgresLedger(PostgresStore store, int maxKeys = PostgresLedger.DefaultMaxKeys) : IGroupLedger
{
    public const int DefaultMaxKeys = 1_000_000;

    const string Page = "SELECT mailbox FROM members WHERE group_name = $1 AND mailbox > $2 ORDER BY mailbox LIMIT $3";
    const string Count = "SELECT count(*) FROM members WHERE group_name = $1";
    const string Remove = "DELETE FROM members WHERE group_name = $1";

    const string Take = """
        INSERT INTO senders VALUES ($1, nextval('fences')) ON CONFLICT (group_name) DO UPDATE SET fence = nextval('fences') RETURNING fence
        """;

    readonly Transactions _database = new(store.Source);
    readonly Joining _joining = new(store.Numbers);
    readonly KeyBound _keys = new(maxKeys);

    public ValueTask<ChangedMembers> ChangeMembersAsync(
        GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, MailboxOptions defaults,
        DateTimeOffset now, Guid key, CancellationToken cancel = default)
    {
        var change = new MembersChange(group.ToString(), Ordered(add), Ordered(remove), defaults, now, key);
        return new(_database.ChangeAsync(connection => _joining.ChangeAsync(connection, change, cancel), cancel));
    }

    public async ValueTask<GroupPage?> GetAsync(GroupName group, string? after, int limit, CancellationToken cancel = default)
    {
        // One more than asked for tells whether there is a next page.
        var (count, names) = await _database.AskAsync(connection => ReadPageAsync(connection, group, after ?? "", limit + 1L), cancel).ConfigureAwait(false);
        if (count == 0) return null;
        return new(count, [.. names.Take(limit)], names.Count > limit ? names[limit - 1].ToString() : null);
    }

    public ValueTask<bool> RemoveAsync(GroupName group, DateTimeOffset now, Guid key, CancellationToken cancel = default) =>
        new(_database.ChangeAsync(
            async connection =>
            {
                await using var claim = connection.CreateBatch();
                OnceOnly.AddTo(claim, key, now);
                if (claim.BatchCommands.Count > 0) await claim.ExecuteNonQueryAsync(cancel).ConfigureAwait(false);
                return !OnceOnly.IsRepeat(claim, key) && await RunAsync(connection, Remove, group.ToString()).ConfigureAwait(false) > 0;
            },
            cancel));

    public ValueTask<long> TakeAsync(GroupName group, CancellationToken cancel = default) =>
        new(_database.ChangeAsync(
            async connection =>
            {
                await using var batch = connection.CreateBatch();
                batch.Add(Take, group.ToString());
                return (long)(await batch.ExecuteScalarAsync(cancel).ConfigureAwait(false))!;
            },
            cancel));

    public ValueTask<IReadOnlyList<OpenSend>> OpenSendsAsync(GroupName group, CancellationToken cancel = default) =>
        new(_database.AskAsync(connection => OpenSends.OfAsync(connection, group, cancel), cancel));

    public ValueTask<IReadOnlyList<GroupName>> UnfinishedAsync(DateTimeOffset begunBefore, int limit, CancellationToken cancel = default) =>
        new(_database.AskAsync(connection => OpenSends.UnfinishedAsync(connection, begunBefore, limit, cancel), cancel));

    public ValueTask<IReadOnlyList<ToldEvents>> ToldAsync(int limit, CancellationToken cancel = default) =>
        new(_database.AskAsync(connection => Telling.ToldAsync(connection, limit, cancel), cancel));

    public ValueTask<BegunSend> BeginAsync(GroupName group, long fence, SendIntent intent, CancellationToken cancel = default) =>
        new(_database.ChangeAsync(connection => new Beginning(_keys).BeginAsync(connection, group, fence, intent, cancel), cancel));

    public ValueTask<IReadOnlyList<SendMember>> RemainingAsync(long send, CancellationToken cancel = default) =>
        new(_database.AskAsync(connection => OpenSends.RemainingAsync(connection, send, cancel), cancel));

    public ValueTask<SendResult> FinishAsync(GroupName group, long fence, long send, CancellationToken cancel = default) =>
        new(_database.ChangeAsync(connection => new Finishing(_keys).FinishAsync(connection, group, fence, send), cancel));

    static string[] Ordered(IReadOnlyCollection<MailboxName> names) =>
        [.. names.Select(static name => name.ToString()).Distinct().Order(StringComparer.Ordinal)];

    static async Task<(int Count, List<MailboxName> Names)> ReadPageAsync(NpgsqlConnection connection, GroupName group, string after, long limit)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(Count, group.ToString());
        batch.Add(Page, group.ToString(), after, limit);
        await using var reader = await batch.ExecuteReaderAsync().ConfigureAwait(false);
        await reader.ReadAsync().ConfigureAwait(false);
        var count = (int)reader.GetInt64(0);
        await reader.NextResultAsync().ConfigureAwait(false);
        var names = new List<MailboxName>();
        while (await reader.ReadAsync().ConfigureAwait(false)) names.Add(MailboxName.Parse(reader.GetString(0)));
        return (count, names);
    }

    static async Task<int> RunAsync(NpgsqlConnection connection, string sql, object value)
    {
        await using var batch = connection.CreateBatch();
        batch.Add(sql, value);
        return await batch.ExecuteNonQueryAsync().ConfigureAwait(false);
    }
}
