using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;

namespace Mailbox.Engine;

/// <summary>
/// Events as letters (spec M16): a subscriber is a mailbox that is a member of a group, so what waits for it is bounded, in order and
/// stored, and goes away with it. Without subscribers nothing is stored.
/// </summary>
public static class MailboxEvents
{
    const string Prefix = "mailbox.events:";

    /// <summary>Whose members are told.</summary>
    public static GroupName Group { get; } = GroupName.Parse("mailbox.events");

    /// <summary>The mailbox of a subscriber.</summary>
    /// <exception cref="ArgumentException">The name has characters that no mailbox may have, or more than 113 of them.</exception>
    public static MailboxName SubscriberNamed(string name) => MailboxName.Parse(Prefix + name);

    /// <summary>The events in the body of a letter that a subscriber got, in order.</summary>
    /// <exception cref="JsonException">It is no such letter.</exception>
    public static IReadOnlyList<MailboxEvent> Read(ReadOnlyMemory<byte> body)
    {
        using var document = JsonDocument.Parse(body);
        return [.. document.RootElement.EnumerateArray().Select(ReadOne)];
    }

    /// <summary>What happens to the grid's own mailboxes is not told: those who are told are among them, so it would never end.</summary>
    internal static bool IsTold(in MailboxEvent happened) => !happened.Mailbox.IsReserved;

    internal static MessageDraft Write(IEnumerable<MailboxEvent> events)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartArray();
            foreach (var happened in events) Write(json, happened);
            json.WriteEndArray();
        }
        return new() { ContentType = "application/json", Type = "events", Body = body.ToArray() };
    }

    static void Write(Utf8JsonWriter json, in MailboxEvent happened)
    {
        json.WriteStartObject();
        json.WriteString("mailbox", happened.Mailbox.ToString());
        json.WriteString("event", NameOf(happened.Kind));
        json.WriteString("at", happened.At);
        json.WriteEndObject();
    }

    static MailboxEvent ReadOne(JsonElement json) => new(
        MailboxName.Parse(json.GetProperty("mailbox").GetString()!), KindOf(json.GetProperty("event").GetString()!),
        json.GetProperty("at").GetDateTimeOffset());

    /// <summary>As it stands in a letter.</summary>
    public static string NameOf(MailboxEventKind kind) => kind switch
    {
        MailboxEventKind.Opened => "opened",
        MailboxEventKind.Connected => "connected",
        MailboxEventKind.Disconnected => "disconnected",
        MailboxEventKind.Overflowed => "overflowed",
        MailboxEventKind.Expired => "expired",
        _ => "deleted",
    };

    static MailboxEventKind KindOf(string name) =>
        Enum.TryParse<MailboxEventKind>(name, ignoreCase: true, out var kind) ? kind : throw new JsonException($"'{name}' is no event.");
}

/// <summary>Something happened to a mailbox that a backend may want to know (spec M16).</summary>
public readonly record struct MailboxEvent(MailboxName Mailbox, MailboxEventKind Kind, DateTimeOffset At);

public enum MailboxEventKind : byte
{
    /// <summary>Made.</summary>
    Opened,

    /// <summary>Somebody holds it.</summary>
    Connected,

    /// <summary>Nobody has held it for <see cref="EngineOptions.DisconnectedAfter"/>.</summary>
    Disconnected,

    /// <summary>Its bounds pushed out a message that nobody had read.</summary>
    Overflowed,

    /// <summary>Removed because no reader came.</summary>
    Expired,

    /// <summary>Removed by a backend.</summary>
    Deleted,
}

/// <summary>Hands events to whoever watches in this process. A watcher that falls <see cref="Backlog"/> events behind loses the oldest. Safe from any thread.</summary>
sealed class EventFeed
{
    const int Backlog = 65_536;

    readonly Lock _gate = new();
    volatile Channel<MailboxEvent>[] _watchers = [];

    public void Publish(in MailboxEvent happened)
    {
        foreach (var watcher in _watchers) watcher.Writer.TryWrite(happened);
    }

    public async IAsyncEnumerable<MailboxEvent> WatchAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        var watcher = Channel.CreateBounded<MailboxEvent>(new BoundedChannelOptions(Backlog) { FullMode = BoundedChannelFullMode.DropOldest });
        lock (_gate) _watchers = [.. _watchers, watcher];
        try
        {
            await foreach (var happened in watcher.Reader.ReadAllAsync(cancel).ConfigureAwait(false)) yield return happened;
        }
        finally
        {
            lock (_gate) _watchers = [.. _watchers.Where(other => other != watcher)];
        }
    }
}

/// <summary>
/// What a batch did to mailboxes is recorded for the subscribers in the same commit, so that no crash comes between (spec M16).
/// </summary>
static class EventRecording
{
    public const int MostInALetter = 1000;

    /// <summary>Records what the batch has done since the last call.</summary>
    public static void Plan(Batch batch, MailboxEngine engine)
    {
        while (batch.RecordedEvents < batch.Events.Count)
        {
            var first = batch.RecordedEvents;
            batch.RecordedEvents = batch.Events.Count;
            var told = batch.Events.Skip(first).Where(static happened => MailboxEvents.IsTold(happened));
            foreach (var events in told.GroupBy(happened => PartitionTable.NumberOf(happened.Mailbox.ToString(), engine.Partitions.Count)))
                if (engine.Partitions[events.Key] is { } partition) Plan(batch, engine, partition, events);
        }
    }

    /// <summary>The letters of a partition go through its channel to the home of the subscribers' group, so those of one mailbox stay in order.</summary>
    static void Plan(Batch batch, MailboxEngine engine, Partition partition, IEnumerable<MailboxEvent> events)
    {
        var home = PartitionTable.NumberOf(MailboxEvents.Group.ToString(), engine.Partitions.Count);
        var isHome = home == partition.Number;
        if (engine.Partitions.Count == 1 ? partition.Tables.Groups.Find(MailboxEvents.Group) is null : !partition.State.Channels.HasSubscribers) return;
        foreach (var letter in events.Chunk(MostInALetter))
        {
            var message = Messages.Accept(MailboxEvents.Write(letter), MailboxEvents.Group, batch.Now, engine.Options);
            if (isHome) GroupHomes.Send(batch, engine, partition, message, [], null, engine.Options.Durability, null, 0, null);
            else batch.Start(partition, new Storage.ForwardPartition(MailboxEvents.Group, message), default, [home]);
        }
    }
}
