using System.Text;

namespace Mailbox.Storage.Tests;

/// <summary>Speaks to a store in the words of a test: one batch a call.</summary>
sealed class StoreDriver(IMailboxStore store)
{
    public static readonly DateTimeOffset Noon = new(2030, 1, 1, 12, 0, 0, TimeSpan.Zero);
    public static readonly long Tomorrow = Noon.AddDays(1).ToUnixTimeMilliseconds();

    public IMailboxStore Store => store;

    public Durability Durability { get; set; } = Durability.Disk;

    public CommitBatch Commit(params StoreRecord[] records) => CommitAt(Noon, records);

    public CommitBatch CommitAt(DateTimeOffset at, params StoreRecord[] records)
    {
        var batch = new CommitBatch { Durability = Durability, At = at };
        batch.Records.AddRange(records);
        store.Commit(batch);
        return batch;
    }

    public MailboxHandle New(string name) => new(MailboxName.Parse(name), store.NewEpoch());

    public MailboxHandle Make(string name, long? deadline = null)
    {
        var handle = New(name);
        Commit(new MailboxMade(handle, MailboxOptions.Default, deadline ?? Tomorrow));
        return handle;
    }

    public CommitBatch Deliver(MailboxHandle mailbox, long sequence, string body = "hello", string? topic = null) =>
        Commit(Append(Text(body, topic), new Target(mailbox, sequence)));

    public StoredMailbox? Load(string name) => store.Load(MailboxName.Parse(name));

    public async Task<IReadOnlyList<string?>> Read(MailboxHandle mailbox, params long[] sequences)
    {
        var messages = await ReadMessages(mailbox, sequences);
        return messages.Select(message => message is null ? null : Encoding.UTF8.GetString(message.Body.Span)).ToList();
    }

    public async Task<Message?[]> ReadMessages(MailboxHandle mailbox, params long[] sequences)
    {
        var into = new Message?[sequences.Length];
        await store.ReadAsync(mailbox, sequences, into);
        return into;
    }

    public string[] Members(string group) => [.. store.LoadGroup(GroupName.Parse(group)).Select(name => name.ToString())];

    public string[] Names(string? after = null, int limit = 100) => [.. store.Names(after, limit).Select(name => name.ToString())];

    public string[] Overdue(DateTimeOffset now, int limit = 100) => [.. store.Overdue(now, limit).Select(name => name.ToString())];

    public static MessageAppended Append(Message message, params Target[] targets) => new(message, targets, targets.Length);

    public static MembersChanged Join(string group, params MailboxHandle[] members) => new(GroupName.Parse(group), members, []);

    public static MembersChanged Leave(string group, params MailboxHandle[] members) => new(GroupName.Parse(group), [], members);

    public static Message Text(string body, string? topic = null) => new()
    {
        ContentType = "text/plain",
        Body = Encoding.UTF8.GetBytes(body),
        Topic = topic,
        At = Noon,
        Expires = Noon.AddDays(1),
    };
}
