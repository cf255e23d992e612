using Orleans.Runtime.Services;
using Orleans.Services;

namespace Mailbox.Grains;

// A session joins a gateway and a silo. The gateway sends numbered batches of requests and reports in two lanes, one batch of each in flight; the silo sends
// answers and what readers are to get, one batch of each in flight. Bodies are in lanes of their own, so that none of them delays an open for long.
// docs/decisions/sessions.md says why.

/// <summary>The one in each mailbox silo that gateways and other silos talk to about many mailboxes at once.</summary>
[Alias("mailbox.IMailboxHub")]
interface IMailboxHub : IGrainService
{
    /// <summary>Queues the requests of a batch, in order; they are answered by <see cref="IGatewayLink.Answer"/>. A batch that comes again is dropped.</summary>
    /// <returns>False where the silo does not know the session or misses a batch of it: what was attached in the session is not attached any more.</returns>
    [Alias("take"), ResponseTimeout("00:00:03")]
    Task<bool> Take(SessionBatch batch);

    /// <summary>The partitions that this silo owns.</summary>
    [Alias("owned"), ResponseTimeout("00:00:01")]
    Task<OwnedPartitions> Owned();

    /// <summary>Operations for partitions of this silo, in order.</summary>
    [Alias("apply"), ResponseTimeout("00:00:10")]
    Task<PassedParts> Apply(PassedParts operations);

    /// <summary>Members of a group in this silo's partitions.</summary>
    [Alias("group-part"), ResponseTimeout("00:00:03")]
    Task<NamesPart> GroupPart(GroupName group, string? after, int limit);

    /// <summary>Mailboxes in this silo's partitions.</summary>
    [Alias("list"), ResponseTimeout("00:00:05")]
    Task<NamesPart> List(string? after, int limit);
}

/// <summary>The hub of each silo.</summary>
sealed class MailboxHubs(IServiceProvider services) : GrainServiceClient<IMailboxHub>(services)
{
    public IMailboxHub Of(SiloAddress silo) => GetGrainService(silo);
}

/// <summary>A gateway as silos see it. A call to a gateway that is gone gets no answer, so each has a short timeout.</summary>
[Alias("mailbox.IGatewayLink")]
interface IGatewayLink : IGrainObserver
{
    /// <summary>Answers to requests, in any order.</summary>
    [Alias("answer"), ResponseTimeout("00:00:03")]
    Task Answer(AnswerBatch batch);

    /// <summary>Station 5: what readers are to get.</summary>
    /// <returns>The attachments that the gateway does not have.</returns>
    [Alias("push"), ResponseTimeout("00:00:03")]
    Task<AttachmentKey[]> Push(PushBatch batch);
}

/// <summary>What keeps an order of its own between a gateway and a silo.</summary>
enum SessionLane : byte
{
    /// <summary>Opens, acknowledgements, marks of what was written: small, and waited for by somebody.</summary>
    Control,

    /// <summary>What carries bodies of messages.</summary>
    Bodies,
}

/// <summary>The next batch of a lane.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.SessionBatch")]
sealed class SessionBatch
{
    /// <summary>Unique for each start of a gateway: its silo's address.</summary>
    [Id(0)]
    public required string Gateway { get; init; }

    [Id(1)]
    public required IGatewayLink Link { get; init; }

    /// <summary>The gateway's own count of its sessions: a later one ends an earlier one.</summary>
    [Id(2)]
    public required long Session { get; init; }

    [Id(3)]
    public required SessionLane Lane { get; init; }

    /// <summary>From 1 in each lane of a session. An empty batch, which only says that the gateway is there, has the number of the one before it.</summary>
    [Id(4)]
    public required long Number { get; init; }

    /// <summary>Taken before <see cref="Requests"/>.</summary>
    [Id(5)]
    public ReaderReport[] Reports { get; init; } = [];

    [Id(6)]
    public PartitionRequest[] Requests { get; init; } = [];
}

/// <summary>A request to the owner of a partition.</summary>
/// <param name="Id">The gateway's own, never used twice.</param>
/// <param name="Claim">Another owner, or the same one after it has given the partition up, refuses the request.</param>
/// <param name="Body">A <see cref="PostRequest"/>, <see cref="AttachRequest"/>, <see cref="AcknowledgeRequest"/> or <see cref="UplinkCall"/>.</param>
[GenerateSerializer, Immutable, Alias("mailbox.PartitionRequest")]
readonly record struct PartitionRequest(
    [property: Id(0)] long Id, [property: Id(1)] int Partition, [property: Id(2)] long Claim, [property: Id(3)] object Body);

/// <summary>A gateway opens a mailbox for one of its connections.</summary>
/// <param name="isHeld">False for a poll: it gets the page that is in the answer and is pushed nothing.</param>
[GenerateSerializer, Immutable, Alias("mailbox.AttachRequest")]
sealed class AttachRequest(MailboxName mailbox, AttachmentKey key, OpenRequest open, bool isHeld)
{
    [Id(0)]
    public MailboxName Mailbox { get; } = mailbox;

    [Id(1)]
    public AttachmentKey Key { get; } = key;

    [Id(2)]
    public OpenRequest Open { get; } = open;

    [Id(3)]
    public bool IsHeld { get; } = isHeld;
}

/// <summary>The answer to an <see cref="AttachRequest"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.Attached")]
sealed class Attached(OpenOutcome outcome)
{
    [Id(0)]
    public OpenOutcome Outcome { get; } = outcome;

    /// <summary>Where the reader begins.</summary>
    [Id(1)]
    public Position Start { get; init; }

    /// <summary>What there was at once; the rest is pushed.</summary>
    [Id(2)]
    public PageItem[] Items { get; init; } = [];

    [Id(3)]
    public Ending? Ending { get; init; }
}

/// <summary>One reader of a gateway, as it is attached for the n-th time.</summary>
/// <param name="Id">Unique in the gateway's life.</param>
[GenerateSerializer, Immutable, Alias("mailbox.AttachmentKey")]
readonly record struct AttachmentKey([property: Id(0)] long Id, [property: Id(1)] int Generation);

[GenerateSerializer, Immutable, Alias("mailbox.AcknowledgeRequest")]
sealed class AcknowledgeRequest(MailboxName mailbox, Position position)
{
    [Id(0)]
    public MailboxName Mailbox { get; } = mailbox;

    [Id(1)]
    public Position Position { get; } = position;
}

/// <summary>What a client tells the backend.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.UplinkCall")]
sealed class UplinkCall(MailboxName mailbox, UplinkRequest request)
{
    [Id(0)]
    public MailboxName Mailbox { get; } = mailbox;

    [Id(1)]
    public UplinkRequest Request { get; } = request;
}

/// <summary>What a gateway says of one reader.</summary>
/// <param name="Written">Everything up to here is flushed to the connection.</param>
[GenerateSerializer, Immutable, Alias("mailbox.ReaderReport")]
readonly record struct ReaderReport(
    [property: Id(0)] AttachmentKey Key, [property: Id(1)] Position Written, [property: Id(2)] bool IsClosed);

/// <summary>Answers of a silo, each to the request with the same index in <see cref="Ids"/>.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.AnswerBatch")]
sealed class AnswerBatch(long[] ids, object?[] answers)
{
    [Id(0)]
    public long[] Ids { get; } = ids;

    /// <summary>Null where the silo has refused the request, because the claim that it names is not the silo's.</summary>
    [Id(1)]
    public object?[] Answers { get; } = answers;
}

/// <summary>The answer of a silo in which a request failed by a defect: its outcome is unknown.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.RequestFailed")]
sealed class RequestFailed(string reason)
{
    [Id(0)]
    public string Reason { get; } = reason;
}

/// <summary>Station 5 to 6: what a silo has for readers of one gateway. A message that many get is in it once.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.PushBatch")]
sealed class PushBatch(Message[] messages, PushItem[] items)
{
    [Id(0)]
    public Message[] Messages { get; } = messages;

    [Id(1)]
    public PushItem[] Items { get; } = items;
}

/// <summary>A message, a gap or an ending for one reader.</summary>
/// <param name="Before">The reader's position before it: if it has another one, something was lost between.</param>
/// <param name="Message">One more than its index in <see cref="PushBatch.Messages"/>; 0 for none.</param>
[GenerateSerializer, Immutable, Alias("mailbox.PushItem")]
readonly record struct PushItem(
    [property: Id(0)] AttachmentKey Key, [property: Id(1)] Position Before, [property: Id(2)] Position Position,
    [property: Id(3)] int Message, [property: Id(4)] Gap? Gap, [property: Id(5)] Ending? Ending);

/// <summary>What a silo owns.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.OwnedPartitions")]
sealed class OwnedPartitions(bool isReady, int count, int[] numbers, long[] claims)
{
    /// <summary>Whether the silo takes deliveries.</summary>
    [Id(0)]
    public bool IsReady { get; } = isReady;

    /// <summary>Partitions of the log.</summary>
    [Id(1)]
    public int Count { get; } = count;

    [Id(2)]
    public int[] Numbers { get; } = numbers;

    /// <summary>One for each of <see cref="Numbers"/>.</summary>
    [Id(3)]
    public long[] Claims { get; } = claims;
}

/// <summary>Operations between partitions, or their answers, as the engine writes them.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.PassedParts")]
sealed class PassedParts(byte[]?[] parts)
{
    [Id(0)]
    public byte[]?[] Parts { get; } = parts;
}

/// <summary>Names in some partitions, in ordinal order.</summary>
[GenerateSerializer, Immutable, Alias("mailbox.NamesPart")]
sealed class NamesPart(int[] partitions, int count, MailboxName[] names, string? next)
{
    /// <summary>The partitions that were looked at.</summary>
    [Id(0)]
    public int[] Partitions { get; } = partitions;

    [Id(1)]
    public int Count { get; } = count;

    [Id(2)]
    public MailboxName[] Names { get; } = names;

    [Id(3)]
    public string? Next { get; } = next;
}
