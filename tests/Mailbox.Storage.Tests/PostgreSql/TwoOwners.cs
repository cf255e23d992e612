using System.Text;
using Mailbox.Storage.PostgreSql;

namespace Mailbox.Storage.Tests.PostgreSql;

/// <summary>Two processes that share a database, each with its store and its ledger, in the words of a test.</summary>
sealed class TwoOwners : IDisposable
{
    public TwoOwners(PostgresServer server, Func<PostgresOptions, PostgresOptions>? first = null)
    {
        var options = server.NewSchema();
        FirstStore = PostgresStore.Open(first?.Invoke(options) ?? options, TimeProvider.System);
        SecondStore = PostgresStore.Open(options with { Owner = "second" }, TimeProvider.System);
        (First, Second, Schema) = (new(FirstStore), new(SecondStore), options.Schema);
        (Ledger, OtherLedger) = (new(FirstStore, maxKeys: 2), new(SecondStore));
    }

    public string Schema { get; }

    public PostgresStore FirstStore { get; }

    public PostgresStore SecondStore { get; }

    public StoreDriver First { get; }

    public StoreDriver Second { get; }

    public PostgresLedger Ledger { get; }

    public PostgresLedger OtherLedger { get; }

    public static GroupName Room { get; } = GroupName.Parse("room");

    public static MailboxName[] Names(string names) => [.. names.Split(' ', StringSplitOptions.RemoveEmptyEntries).Select(MailboxName.Parse)];

    public static SendIntent Intent(string body, SendKey? key = null, string except = "") =>
        new(Sent(body), key, Names(except), [], []);

    public static Message Sent(string body) => new()
    {
        ContentType = "text/plain",
        Body = Encoding.UTF8.GetBytes(body),
        Type = "note",
        Topic = "t",
        Group = Room,
        At = StoreDriver.Noon,
        Expires = StoreDriver.Noon.AddDays(1),
    };

    public static SendKey Key(int number, ulong digest = 7) =>
        new(new((UInt128)number), digest, (uint)StoreDriver.Noon.AddMinutes(10).ToUnixTimeSeconds());

    public async Task<MembersResult> Join(string add, string remove = "", string group = "room", DateTimeOffset? at = null) =>
        (await Change(add, remove, group, at)).Result;

    public async Task<ChangedMembers> Change(string add, string remove = "", string group = "room", DateTimeOffset? at = null) =>
        await Ledger.ChangeMembersAsync(GroupName.Parse(group), Names(add), Names(remove), MailboxOptions.Default, at ?? StoreDriver.Noon, Guid.NewGuid());

    public async Task<string?> Members(string group = "room") =>
        await Ledger.GetAsync(GroupName.Parse(group), null, 100) is { } page ? string.Join(' ', page.Members) : null;

    public async Task<OpenSend> Begin(string body, long fence) => (await Ledger.BeginAsync(Room, fence, Intent(body))).Send!;

    public async Task<string> Remaining(OpenSend send) =>
        string.Join(' ', (await Ledger.RemainingAsync(send.Id)).Select(member => $"{member.Mailbox}/{member.Owner}"));

    /// <summary>The part of an engine that owns these mailboxes.</summary>
    public static CommitBatch Store(StoreDriver driver, OpenSend send, params MailboxHandle[] members) => driver.Commit(
        StoreDriver.Append(send.Message, [.. members.Select(member => new Target(member, Tail(driver, member) + 1))]),
        new SendPartDone(send.Id, members, []));

    public void Dispose()
    {
        FirstStore.Dispose();
        SecondStore.Dispose();
    }

    static long Tail(StoreDriver driver, MailboxHandle member) => ((MailboxSlot)member.Slot!).Marks.Tail;
}
