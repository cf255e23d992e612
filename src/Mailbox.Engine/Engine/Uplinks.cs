using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// A client's messages to the backend (spec section 5): each is passed on and recorded in one commit, once for its number or its key.
/// That is a reader's activity (spec M15).
/// </summary>
/// <param name="pass">Passes a letter on that is new; what it answers <see cref="Outcome.Stored"/> is recorded.</param>
sealed class UplinkOperation(MailboxEngine engine, MailboxName name, UplinkRequest request, Func<Batch, UplinkLetter, Outcome> pass)
    : AnsweredOperation<UplinkResult>
{
    public override long Weight => request.Drafts.Sum(static draft => (long)draft.Body.Length);

    // A client that says nothing asks what has been accepted of it: there is nothing to store.
    public override Priority Priority => request.Drafts.Count == 0 ? Priority.Inline : Priority.Normal;

    public override void Plan(Batch batch)
    {
        Partition = engine.Partitions.Find(name);
        Planned = Partition is null ? new(Outcome.NotOwner) : Accept(batch, Partition);
    }

    protected override UplinkResult Refuse(Outcome why) => new(why);

    UplinkResult Accept(Batch batch, Partition partition)
    {
        batch.Confirm(partition);
        if (request.Drafts.Count == 0)
            return new(Outcome.Stored, engine.Mailboxes.Find(batch, partition, name) is { } found ? NumbersOf(batch, found).Highest : 0);
        if (batch.IsFull) return new(Outcome.StoreFull);
        var mailbox = engine.Mailboxes.FindOrMake(batch, partition, name);
        lock (mailbox) Lifetime.ReaderSeen(batch, mailbox);
        var accepted = 0;
        foreach (var draft in request.Drafts)
        {
            var outcome = Accept(batch, mailbox, draft, ref accepted);
            if (outcome != Outcome.Stored) return new(outcome, NumbersOf(batch, mailbox).Highest, accepted);
        }
        return new(Outcome.Stored, NumbersOf(batch, mailbox).Highest, accepted);
    }

    Outcome Accept(Batch batch, LiveMailbox mailbox, UplinkDraft draft, ref int accepted)
    {
        if (draft.Number is { } number && NumbersOf(batch, mailbox).Has(number)) return Outcome.Stored;
        if (draft.Key is { } key && engine.Keys.Find(batch, mailbox.Partition, KeyHasher.UplinkKeyOf(name, key)) is { } answered)
            return answered.Digest == KeyHasher.DigestOf(draft) ? Outcome.Stored : Outcome.KeyReused;
        var needsKey = draft.Key is not null || (draft.Number is not null && NumbersOf(batch, mailbox).Highest == 0);
        if (needsKey && !engine.Keys.HasRoomForClients(batch)) return Outcome.TooManyKeys;
        var outcome = pass(batch, LetterOf(mailbox, draft));
        if (outcome != Outcome.Stored) return outcome;
        Record(batch, mailbox, draft);
        accepted++;
        return outcome;
    }

    AcceptedNumbers NumbersOf(Batch batch, LiveMailbox mailbox) =>
        request.Client is { } client && engine.Keys.Find(batch, mailbox.Partition, KeyHasher.ClientOf(name, mailbox.Epoch, client)) is { } known
            ? new(known.Second, known.Digest) : default;

    UplinkLetter LetterOf(LiveMailbox mailbox, UplinkDraft draft)
    {
        var id = draft switch
        {
            { Number: { } number } => MailboxUplinks.IdOf(name, mailbox.Epoch, request.Client!, number),
            { Key: { } key } => MailboxUplinks.IdOf(name, key),
            _ => MailboxUplinks.NewId(),
        };
        return new(id, name, draft.Number is null ? null : request.Client, draft.Number, draft.ContentType, draft.Body);
    }

    void Record(Batch batch, LiveMailbox mailbox, UplinkDraft draft)
    {
        var epoch = mailbox.Epoch;
        if (draft.Key is { } key)
            engine.Keys.Remember(batch, mailbox.Partition, KeyHasher.UplinkKeyOf(name, key), ToRemember(epoch, KeyHasher.DigestOf(draft), 0), Durability.Disk, null);
        if (draft.Number is not { } number) return;
        var numbers = NumbersOf(batch, mailbox).With(number);
        engine.Keys.RememberUntil(
            batch, mailbox.Partition, KeyHasher.ClientOf(name, epoch, request.Client!), ToRemember(epoch, numbers.Bits, numbers.Highest), UplinkMemory.EndOf(batch, mailbox));
    }

    /// <summary>The epoch says of which incarnation of the mailbox it is.</summary>
    static RememberedKey ToRemember(ulong epoch, ulong digest, long second) => new(digest, 0, epoch, second, 0, 1);
}

/// <summary>How an uplink is accepted: in one operation where the takers' mailboxes are in the same partition, else in steps.</summary>
static class Uplinking
{
    /// <param name="takers">Where takers belong to many partitions: how they are reached.</param>
    public static async ValueTask<UplinkResult> RunAsync(
        MailboxEngine engine, MailboxName mailbox, UplinkRequest request, IMailboxGrid? takers, CancellationToken cancel)
    {
        Arguments.Check(mailbox);
        var most = engine.Options.MaxBodyBytes - MailboxUplinks.HeadBytes;
        var fitting = request.Drafts.TakeWhile(draft => draft.Body.Length <= most).ToList();
        if (fitting.Count == request.Drafts.Count) return await AcceptAsync(engine, mailbox, request, takers, cancel).ConfigureAwait(false);
        // Those before the one that is too large are accepted, as before any other that is refused: the client learns from the highest which one it is.
        var accepted = await AcceptAsync(engine, mailbox, request with { Drafts = fitting }, takers, cancel).ConfigureAwait(false);
        return accepted.Outcome == Outcome.Stored ? accepted with { Outcome = Outcome.TooLarge } : accepted;
    }

    static ValueTask<UplinkResult> AcceptAsync(
        MailboxEngine engine, MailboxName mailbox, UplinkRequest request, IMailboxGrid? takers, CancellationToken cancel)
    {
        if (request.Asks) return engine.AskAsync(new UplinkOperation(engine, mailbox, request, static (_, _) => Outcome.Dropped), cancel);
        if (takers is not null) return new(new UplinkSteps(engine, takers).RunAsync(mailbox, request).AsTask().WaitAsync(cancel));
        return engine.AskAsync(new UplinkOperation(engine, mailbox, request, (batch, letter) => Pass(engine, batch, letter, request.Except)), cancel);
    }

    static Outcome Pass(MailboxEngine engine, Batch batch, UplinkLetter letter, MailboxName? except)
    {
        // What happened to the mailbox before its client said this, such as that it was made, is told before it.
        EventRecording.Plan(batch, engine);
        var post = new PostOperation(engine, new(letter.Write(), [], [MailboxUplinks.Group], except is { } one ? [one] : []));
        post.Plan(batch);
        return MailboxUplinks.OutcomeOf(post.Result.Groups[0], isTaken: except is not null);
    }
}

/// <summary>
/// Uplinks where takers may be in other partitions: looked at, sent to the takers, and only then recorded. A process that dies in between
/// leaves a client that repeats, and the takers know the letter by its key.
/// </summary>
sealed class UplinkSteps(MailboxEngine engine, IMailboxGrid grid)
{
    public async ValueTask<UplinkResult> RunAsync(MailboxName mailbox, UplinkRequest request)
    {
        if (request.Drafts.Count == 0) return await AskAsync(mailbox, request, static (_, _) => Outcome.Stored).ConfigureAwait(false);
        var result = new UplinkResult(Outcome.Stored);
        foreach (var draft in request.Drafts)
        {
            var one = await PassAsync(mailbox, new(request.Client, [draft], request.Except)).ConfigureAwait(false);
            result = one with { Accepted = result.Accepted + one.Accepted };
            if (one.Outcome != Outcome.Stored) break;
        }
        return result;
    }

    async ValueTask<UplinkResult> PassAsync(MailboxName mailbox, UplinkRequest request)
    {
        UplinkLetter? unsent = null;
        var looked = await AskAsync(mailbox, request, (_, letter) =>
        {
            unsent = letter;
            return Outcome.Dropped;
        }).ConfigureAwait(false);
        if (looked.Outcome != Outcome.Dropped || unsent is null) return looked;
        var outcome = await SendAsync(unsent, request.Except).ConfigureAwait(false);
        if (outcome != Outcome.Stored) return looked with { Outcome = outcome };
        return await AskAsync(mailbox, request, static (_, _) => Outcome.Stored).ConfigureAwait(false);
    }

    async ValueTask<Outcome> SendAsync(UplinkLetter letter, MailboxName? except)
    {
        var draft = letter.Write() with { IdempotencyKey = letter.Id };
        var sent = await SendAsync(draft, except).ConfigureAwait(false);
        if (sent.Outcome == Outcome.KeyReused)
        {
            // The client's number was sent before, with another body: the first stays.
            if (letter.Number is not null) return Outcome.Stored;
            // Gateways may differ in whether they have a backend, and so in whom they except. The same letter, sent before through one of the other kind, is sent.
            sent = await SendAsync(draft, except is null ? MailboxUplinks.Gateways : null).ConfigureAwait(false);
        }
        return MailboxUplinks.OutcomeOf(sent, isTaken: except is not null);
    }

    ValueTask<SendResult> SendAsync(MessageDraft draft, MailboxName? except) =>
        grid.SendAsync(MailboxUplinks.Group, draft, except is { } one ? [one] : [], CancellationToken.None);

    ValueTask<UplinkResult> AskAsync(MailboxName mailbox, UplinkRequest request, Func<Batch, UplinkLetter, Outcome> pass) =>
        engine.AskAsync(new UplinkOperation(engine, mailbox, request, pass), CancellationToken.None);
}

/// <summary>A client's message to the backend as a taker of uplinks gets it: a line of JSON that says whose it is, and then its body.</summary>
/// <param name="Id">The same however often it is forwarded.</param>
/// <param name="Client">Who counted, where <paramref name="Number"/> says so.</param>
public sealed record UplinkLetter(
    string Id, MailboxName Mailbox, string? Client, long? Number, string ContentType, ReadOnlyMemory<byte> Body)
{
    /// <exception cref="JsonException">It is no such letter.</exception>
    public static UplinkLetter Read(Message message)
    {
        var end = message.Body.Span.IndexOf((byte)'\n');
        if (message.Type != MailboxUplinks.Type || end < 0) throw new JsonException("It is no letter of a client.");
        using var head = JsonDocument.Parse(message.Body[..end]);
        return Read(head.RootElement, message.Body[(end + 1)..]);
    }

    static UplinkLetter Read(JsonElement head, ReadOnlyMemory<byte> body) => new(
        head.GetProperty("uplink").GetString()!, MailboxName.Parse(head.GetProperty("mailbox").GetString()!),
        head.TryGetProperty("client", out var client) ? client.GetString() : null,
        head.TryGetProperty("n", out var number) ? number.GetInt64() : null,
        head.GetProperty("contentType").GetString()!, body);

    /// <summary>The same for the same letter: repeated with a key it is the same message.</summary>
    internal MessageDraft Write()
    {
        using var written = new MemoryStream();
        using (var json = new Utf8JsonWriter(written)) WriteHead(json);
        written.WriteByte((byte)'\n');
        written.Write(Body.Span);
        return new()
        {
            ContentType = MailboxUplinks.ContentType,
            Type = MailboxUplinks.Type,
            Body = written.ToArray(),
            Durability = Durability.Disk,
            // Accepted is accepted: a backend that is away for long gets it all the same.
            TimeToLive = MessageDraft.MaxTimeToLive,
        };
    }

    void WriteHead(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("uplink", Id);
        json.WriteString("mailbox", Mailbox.ToString());
        if (Client is not null) json.WriteString("client", Client);
        if (Number is { } number) json.WriteNumber("n", number);
        json.WriteString("contentType", ContentType);
        json.WriteEndObject();
    }
}

/// <summary>
/// How long a client's accepted numbers are remembered: as long as its mailbox lives when nobody comes any more. In steps, because a
/// client that sends often would otherwise leave a trace of each time.
/// </summary>
static class UplinkMemory
{
    const uint StepSeconds = 3600;

    public static uint EndOf(Batch batch, LiveMailbox mailbox) =>
        (batch.NowSeconds + (uint)mailbox.State.Options.Idle.TotalSeconds) / StepSeconds * StepSeconds + 2 * StepSeconds;
}

/// <summary>
/// What clients tell the backend, as letters: a taker is a mailbox that is a member of a group, so what waits for it is stored, in order and
/// bounded. Where nobody takes them uplinks are refused.
/// </summary>
public static class MailboxUplinks
{
    public const string ContentType = "application/x-mailbox-uplink";

    /// <summary>Of the letters.</summary>
    public const string Type = "uplink";

    /// <summary>What a letter may need beside the client's body, in bytes.</summary>
    public const int HeadBytes = 1024;
    internal const string Prefix = "mailbox.uplinks:";
    const int IdBytes = 16;

    /// <summary>Whose members take them.</summary>
    public static GroupName Group { get; } = GroupName.Parse("mailbox.uplinks");

    /// <summary>The taker that is the backend which gateways call: one of them reads it at a time.</summary>
    public static MailboxName Gateways { get; } = TakerNamed("backend");

    /// <summary>The mailbox of a taker.</summary>
    /// <exception cref="ArgumentException">The name has characters that no mailbox may have, or more than 112 of them.</exception>
    public static MailboxName TakerNamed(string name) => MailboxName.Parse(Prefix + name);

    /// <summary>The <c>Uplink-Id</c> of what a client sent with a key.</summary>
    public static string IdOf(MailboxName mailbox, string key) => IdOf($"u/{mailbox}\n{key}");

    internal static string IdOf(MailboxName mailbox, ulong epoch, string client, long number) => IdOf($"n/{mailbox}\n{epoch}\n{client}\n{number}");

    /// <summary>For what has neither key nor number.</summary>
    public static string NewId() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(IdBytes));

    /// <summary>What came of a send to the takers. One that refuses holds the client back; the others may get it twice then.</summary>
    /// <param name="isTaken">Somebody who is excepted has it already.</param>
    internal static Outcome OutcomeOf(SendResult sent, bool isTaken) => sent switch
    {
        { Outcome: not Outcome.Stored } => sent.Outcome,
        { Members: 0 } => isTaken ? Outcome.Stored : Outcome.NotFound,
        { Refused: > 0 } => Outcome.MailboxFull,
        _ => Outcome.Stored,
    };

    static string IdOf(string text) => Base64Url.EncodeToString(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, IdBytes));
}

/// <summary>
/// Which numbers of one client were accepted: the highest, and each of the <see cref="Width"/> up to it by a bit, so that requests of a
/// client which overtake each other are all accepted, once. What is further behind counts as accepted.
/// </summary>
/// <param name="Bits">The lowest is the highest number's.</param>
readonly record struct AcceptedNumbers(long Highest, ulong Bits)
{
    public const int Width = 64;

    public bool Has(long number) => number <= Highest && (Highest - number >= Width || (Bits >> (int)(Highest - number) & 1) != 0);

    public AcceptedNumbers With(long number)
    {
        var ahead = number - Highest;
        if (ahead <= 0) return this with { Bits = Bits | 1UL << (int)-ahead };
        return new(number, ahead >= Width ? 1 : Bits << (int)ahead | 1);
    }
}
