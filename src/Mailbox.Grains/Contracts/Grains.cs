namespace Mailbox.Grains;

/// <summary>
/// The owner of one mailbox; its key is the mailbox's name. Backends use the client, which retries. Answers are as
/// those of <see cref="IMailboxGrid"/>; <see cref="Outcome.NotOwner"/> means that the mailbox has just moved: ask again.
/// </summary>
[Alias("mailbox.IMailboxGrain")]
public interface IMailboxGrain : IGrainWithStringKey
{
    [Alias("deliver"), ResponseTimeout("00:00:05")]
    Task<DeliverResult> Deliver([Immutable] MessageDraft draft);

    [Alias("acknowledge"), ResponseTimeout("00:00:05")]
    Task<AcknowledgeOutcome> Acknowledge(Position position);

    [Alias("set-options"), ResponseTimeout("00:00:05")]
    Task<Outcome> SetOptions(MailboxOptionsChange change);

    [Alias("describe"), ResponseTimeout("00:00:05")]
    Task<Description> Describe();

    [Alias("remove"), ResponseTimeout("00:00:05")]
    Task<Outcome> Remove();

    [Alias("delete-message"), ResponseTimeout("00:00:05")]
    Task<Outcome> DeleteMessage(Position position);

    /// <summary>A page of what comes after a position; waits a while where there is nothing.</summary>
    [Alias("read"), ResponseTimeout("00:00:08")]
    Task<ReadAnswer> Read(ReadRequest request, CancellationToken cancel);
}

/// <summary>What a mailbox holds.</summary>
/// <param name="outcome"><see cref="Outcome.Stored"/>, <see cref="Outcome.NotFound"/>, or why it cannot be told now.</param>
[GenerateSerializer, Immutable, Alias("mailbox.Description")]
public sealed class Description(Outcome outcome, MailboxInfo? info = null)
{
    [Id(0)]
    public Outcome Outcome { get; } = outcome;

    [Id(1)]
    public MailboxInfo? Info { get; } = info;
}

/// <summary>A page that a reader without a connection of its own asks for.</summary>
/// <param name="wait">How long to wait for something, at most <see cref="MaxWait"/>.</param>
[GenerateSerializer, Immutable, Alias("mailbox.ReadRequest")]
public sealed class ReadRequest(OpenRequest open, TimeSpan wait)
{
    /// <summary>A call that waits longer would hold up the leaving of its silo.</summary>
    public static readonly TimeSpan MaxWait = TimeSpan.FromSeconds(5);

    [Id(0)]
    public OpenRequest Open { get; } = open;

    [Id(1)]
    public TimeSpan Wait { get; } = wait;

    /// <summary>Asks only where the reader begins: nothing is taken and nothing waited for.</summary>
    [Id(2)]
    public bool PositionOnly { get; init; }
}

/// <summary>What a reader gets for a <see cref="ReadRequest"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.ReadAnswer")]
public sealed class ReadAnswer(OpenOutcome outcome)
{
    [Id(0)]
    public OpenOutcome Outcome { get; } = outcome;

    /// <summary>Where the reader is after it.</summary>
    [Id(1)]
    public Position Position { get; init; }

    [Id(2)]
    public PageItem[] Items { get; init; } = [];

    /// <summary>Why the reader has ended, if it has.</summary>
    [Id(3)]
    public Ending? Ending { get; init; }
}

/// <summary>As <see cref="Received"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.PageItem")]
public readonly record struct PageItem(
    [property: Id(0)] Position Position, [property: Id(1)] Message? Message, [property: Id(2)] Gap? Gap)
{
    public static PageItem Of(Received received) => new(received.Position, received.Message, received.Gap);

    public Received ToReceived() => new(Position, Message, Gap);
}

/// <summary>The sender of one group; its key is the group's name. Backends use the client, which retries.</summary>
[Alias("mailbox.IGroupGrain")]
public interface IGroupGrain : IGrainWithStringKey
{
    /// <param name="except">Members that do not get it.</param>
    [Alias("send"), ResponseTimeout("00:00:10")]
    Task<SendResult> Send([Immutable] MessageDraft draft, [Immutable] MailboxName[] except);

    [Alias("change-members"), ResponseTimeout("00:00:10")]
    Task<MembersResult> ChangeMembers(MembersChange change);

    [Alias("describe"), ResponseTimeout("00:00:05")]
    Task<GroupDescription> Describe(string? after, int limit);

    /// <param name="key">As in <see cref="MembersChange"/>.</param>
    [Alias("remove"), ResponseTimeout("00:00:05")]
    Task<Outcome> Remove(Guid key);
}

/// <summary>Members to add, then to remove.</summary>
/// <param name="key">The same for every attempt at this change, so that it is done once; empty from a process that knows no keys.</param>
[GenerateSerializer, Immutable, Alias("mailbox.MembersChange")]
public sealed class MembersChange(MailboxName[] add, MailboxName[] remove, Guid key)
{
    [Id(0)]
    public MailboxName[] Add { get; } = add;

    [Id(1)]
    public MailboxName[] Remove { get; } = remove;

    [Id(2)]
    public Guid Key { get; } = key;
}

/// <summary>A page of a group's members.</summary>
/// <param name="outcome"><see cref="Outcome.Stored"/>, <see cref="Outcome.NotFound"/>, or why it cannot be told now.</param>
[GenerateSerializer, Immutable, Alias("mailbox.GroupDescription")]
public sealed class GroupDescription(Outcome outcome, GroupPage? page = null)
{
    [Id(0)]
    public Outcome Outcome { get; } = outcome;

    [Id(1)]
    public GroupPage? Page { get; } = page;
}

/// <summary>
/// The grid as a process outside the cluster calls it, through whichever silo it is connected to: any key. The silo passes on what belongs to others,
/// in the order of the call.
/// </summary>
[Alias("mailbox.IGridGrain")]
interface IGridGrain : IGrainWithIntegerKey
{
    /// <summary>One message for several targets.</summary>
    [Alias("post"), ResponseTimeout("00:00:10")]
    Task<PostResult> Post([Immutable] PostRequest post);

    /// <summary>Many deliveries, each by itself; those to one mailbox in the order of the batch.</summary>
    /// <returns>One for each.</returns>
    [Alias("deliver"), ResponseTimeout("00:00:10")]
    Task<DeliverResult[]> Deliver(DeliveryBatch batch);

    /// <returns>Null while the store cannot be read.</returns>
    [Alias("list"), ResponseTimeout("00:00:05")]
    Task<MailboxName[]?> List(string? after, int limit);

    [Alias("is-ready"), ResponseTimeout("00:00:03")]
    Task<bool> IsReady();
}

/// <summary>Messages for many mailboxes, each its own.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.DeliveryBatch")]
sealed class DeliveryBatch(MailboxName[] to, MessageDraft[] drafts)
{
    [Id(0)]
    public MailboxName[] To { get; } = to;

    /// <summary>One for each of <see cref="To"/>.</summary>
    [Id(1)]
    public MessageDraft[] Drafts { get; } = drafts;
}
