using System.Text;
using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Simulation;

/// <summary>A message that somebody delivers, once or more often with the same key.</summary>
sealed record Delivery(int Id, IReadOnlyList<MailboxName> To, IReadOnlyList<GroupName> Groups)
{
    public required string Text { get; init; }

    public Durability? Level { get; init; }

    public string? Key { get; init; }

    public string? Topic { get; init; }

    public TimeSpan? TimeToLive { get; init; }

    public IReadOnlyList<MailboxName> Except { get; init; } = [];

    /// <summary>The delivery whose key this one uses with another body.</summary>
    public Delivery? Reuses { get; init; }

    /// <summary>An attempt was answered when its key may have been forgotten.</summary>
    public bool IsLate { get; set; }

    /// <summary>Another delivery has used its key.</summary>
    public bool IsReused { get; set; }

    public DateTimeOffset Begun { get; init; }

    public int FirstAsked { get; init; }

    public int Disturbances { get; init; }

    public int PowerLosses { get; init; }

    public int Attempts { get; set; }

    /// <summary>Some attempt may have been stored and not answered.</summary>
    public bool IsUnknown { get; set; }

    /// <summary>The first answer that stored something.</summary>
    public PostResult? Stored { get; set; }

    /// <summary>When it was answered as stored everywhere.</summary>
    public int? AnsweredAt { get; set; }

    /// <summary>When the last of its attempts was answered, where all have been.</summary>
    public int LastAnswered { get; set; }

    /// <summary>How many attempts each target has refused for certain.</summary>
    public Dictionary<MailboxName, int> Refused { get; } = [];

    /// <summary>Where it is, by mailbox.</summary>
    public Dictionary<MailboxName, List<Position>> Places { get; } = [];

    public bool IsWeak => Level == Durability.Memory;
}

/// <summary>A change of a group's members.</summary>
sealed record Change(GroupName Group, IReadOnlyCollection<MailboxName> Add, IReadOnlyCollection<MailboxName> Remove, int AskedAt)
{
    public int? AnsweredAt { get; set; }

    public bool IsUnknown { get; set; }

    public bool IsRefused { get; set; }
}

/// <summary>What is known of one mailbox. Its name begins with its kind: p plain, t with topics and deletions, b bounded, x expiring and removed.</summary>
sealed class Box(MailboxName name)
{
    readonly List<(Position Position, DateTimeOffset From)> _mayBeAcknowledged = [];

    public MailboxName Name => name;

    public char Kind => name.ToString()[0];

    public SortedDictionary<(ulong Epoch, long Sequence), Delivery> Numbers { get; } = [];

    public HashSet<Position> Deleted { get; } = [];

    public HashSet<Position> Written { get; } = [];

    /// <summary>The newest position that anybody was told.</summary>
    public Position? Newest { get; set; }

    /// <summary>The highest acknowledgement that was answered.</summary>
    public Position Acknowledged { get; private set; }

    /// <summary>The highest number that was answered as stored, durably.</summary>
    public Position Answered { get; set; }

    public int RemovingSince { get; private set; } = int.MaxValue;

    public TimeSpan LeastIdle { get; private set; } = TimeSpan.FromDays(1);

    public void NoteIdle(TimeSpan idle) => LeastIdle = idle < LeastIdle ? idle : LeastIdle;

    public void NoteRemoving(int moment) => RemovingSince = Math.Min(RemovingSince, moment);

    public void NoteAcknowledging(Position position, DateTimeOffset from) => _mayBeAcknowledged.Add((position, from));

    public void NoteAcknowledged(Position position)
    {
        if (position.Epoch != Acknowledged.Epoch || position.Sequence > Acknowledged.Sequence) Acknowledged = position;
    }

    public bool MayBeAcknowledged(Position position, DateTimeOffset now) =>
        _mayBeAcknowledged.Exists(one => one.From <= now && one.Position.Epoch == position.Epoch && one.Position.Sequence >= position.Sequence);

    /// <summary>Neither removed nor idle for long enough, ever.</summary>
    public bool MayNotEnd(Simulation simulation) => Kind != 'x';
}

/// <summary>Everything that was asked, answered, stored and read, checked against the contract while it happens and at the end.</summary>
sealed class History(Simulation simulation)
{
    static readonly TimeSpan s_day = TimeSpan.FromDays(1);
    static readonly TimeSpan s_keyMemory = TimeSpan.FromMinutes(10);

    readonly Dictionary<int, Delivery> _deliveries = [];
    readonly Dictionary<MailboxName, Box> _boxes = [];
    readonly List<Change> _changes = [];
    readonly Dictionary<MailboxName, (ulong Epoch, long Tail)> _seen = [];

    public Box Of(MailboxName name)
    {
        if (!_boxes.TryGetValue(name, out var box)) _boxes.Add(name, box = new(name));
        return box;
    }

    public void NoteAsked(Delivery delivery)
    {
        _deliveries[delivery.Id] = delivery;
        if (delivery.Reuses is { } first) first.IsReused = true;
    }

    public void NoteAnswer(Delivery delivery, PostResult result, int asked, int disturbances)
    {
        var hasFailed = result.To.Any(static one => one.Outcome == Outcome.StoreFailed) || result.Groups.Any(static one => one.Outcome == Outcome.StoreFailed);
        if (hasFailed && disturbances == simulation.Disturbances && !simulation.IsMoving) simulation.Break("M5", $"{delivery.Id} failed, and nothing had happened to the store");
        delivery.LastAnswered = simulation.Moment;
        delivery.IsLate |= simulation.Now >= delivery.Begun + s_keyMemory;
        for (var i = 0; i < result.To.Count; i++) NoteDelivered(delivery, delivery.To[i], result.To[i]);
        for (var i = 0; i < result.Groups.Count; i++) NoteSent(delivery, result.Groups[i], i, asked);
        var isStored = result.To.All(static one => one.Outcome is Outcome.Stored or Outcome.Excepted) && result.Groups.All(static one => one is { Outcome: Outcome.Stored, Stored: > 0 });
        if (!isStored) return;
        delivery.Stored ??= result;
        delivery.AnsweredAt ??= simulation.Moment;
    }

    void NoteDelivered(Delivery delivery, MailboxName name, DeliverResult result)
    {
        var box = Of(name);
        switch (result.Outcome)
        {
            case Outcome.Stored:
                if (delivery.Reuses is { } first && IsRemembered(first, box)) simulation.Break("M13", $"{delivery.Id} was stored with the key of {first.Id}");
                CheckRepeated(delivery, box, result);
                Place(box, result.Position, delivery, isAnswered: true);
                if (!delivery.IsWeak && !box.Numbers.ContainsKey((result.Position.Epoch, result.Position.Sequence))) simulation.Break("M5", $"{delivery.Id} was answered as {result.Position} of {name} and is not stored");
                if (result.Position.Epoch != box.Answered.Epoch || result.Position.Sequence > box.Answered.Sequence) box.Answered = result.Position;
                box.Newest = box.Newest is { } newest && newest.Epoch == result.Position.Epoch && newest.Sequence > result.Position.Sequence ? newest : result.Position;
                break;
            case Outcome.StoreFailed:
                delivery.IsUnknown = true;
                break;
            case Outcome.KeyReused:
                if (delivery is { Reuses: null, IsReused: false }) simulation.Break("M13", $"{delivery.Id} was refused: its key was used with another body, and it was not");
                break;
            default:
                // By a group it may come there all the same.
                if (delivery.Groups.Count == 0) delivery.Refused[name] = delivery.Refused.GetValueOrDefault(name) + 1;
                break;
        }
    }

    void CheckRepeated(Delivery delivery, Box box, DeliverResult result)
    {
        if (delivery.Stored is not { } stored || !IsRemembered(delivery, box)) return;
        var first = stored.To[delivery.To.ToList().IndexOf(box.Name)];
        if (first.Position != result.Position) simulation.Break("M13", $"{delivery.Id} was {first.Position} of {box.Name} and is {result.Position} with the same key");
    }

    void NoteSent(Delivery delivery, SendResult result, int index, int asked)
    {
        if (result.Outcome is Outcome.StoreFailed) delivery.IsUnknown = true;
        if (result.Outcome is Outcome.KeyReused && delivery is { Reuses: null, IsReused: false }) simulation.Break("M13", $"send {delivery.Id} was refused: its key was used with another body, and it was not");
        if (result.Outcome != Outcome.Stored) return;
        if (result.Members != result.Stored + result.Refused) simulation.Break("G6", $"send {delivery.Id} was for {result.Members}, {result.Stored} stored and {result.Refused} refused it");
        if (delivery.Stored is { } stored && asked > delivery.AnsweredAt && IsRemembered(delivery, null) && stored.Groups[index] != result)
            simulation.Break("M13", $"send {delivery.Id} was answered {stored.Groups[index]} and is {result} with the same key");
        if (delivery.Reuses is { Stored.Groups: var groups } && groups[index].Stored > 0 && IsRemembered(delivery.Reuses, null))
            simulation.Break("M13", $"send {delivery.Id} was stored with the key of {delivery.Reuses.Id}");
    }

    /// <summary>The key of a stored delivery is remembered still.</summary>
    bool IsRemembered(Delivery delivery, Box? box) =>
        delivery.Stored is not null && simulation.Now < delivery.Begun + s_keyMemory && box?.Kind != 'x' && !MayBeLost(delivery);

    bool MayBeLost(Delivery delivery) =>
        (delivery.IsWeak && delivery.Disturbances != simulation.Disturbances) || (delivery.Level == Durability.Process && delivery.PowerLosses != simulation.PowerLosses);

    /// <summary>A frame was stored: what is new in it is placed.</summary>
    public void NoteFrame(StoredPartition partition)
    {
        var slots = partition.Shadow.Tables.Slots;
        for (var place = 0; place < slots.End; place++)
        {
            if (slots[place] is not { } slot) continue;
            var box = Of(slot.Name);
            var (epoch, tail) = _seen.GetValueOrDefault(slot.Name);
            if (epoch != slot.Epoch)
            {
                if (epoch != 0 && box.MayNotEnd(simulation)) simulation.Break("M15", $"{slot.Name} was removed and made again");
                tail = 0;
            }
            foreach (ref readonly var entry in slot.State.Entries)
                if (entry.Sequence > tail) Place(box, new(slot.Epoch, entry.Sequence), Read(partition, entry.Body.Address), isAnswered: false);
            _seen[slot.Name] = (slot.Epoch, Math.Max(tail, slot.State.Marks.Tail));
        }
    }

    /// <summary>Power was lost: what comes from the last frame on that is left is new, and must not take a number that was taken before.</summary>
    public void ForgetUnsynced(StoredPartition partition)
    {
        var slots = partition.Shadow.Tables.Slots;
        for (var place = 0; place < slots.End; place++)
            if (slots[place] is { } slot) _seen[slot.Name] = (slot.Epoch, slot.State.Marks.Tail);
    }

    Delivery Read(StoredPartition partition, ulong address)
    {
        var bytes = partition.Bodies[(long)(address >> SimulatedLog.OffsetBits)].AsSpan((int)(address & ((1 << SimulatedLog.OffsetBits) - 1)));
        return DeliveryOf(MessageCodec.Read(bytes[..MessageCodec.Check(bytes)]));
    }

    Delivery DeliveryOf(Message message)
    {
        var text = Encoding.UTF8.GetString(message.Body.Span);
        if (!int.TryParse(text.AsSpan(0, Math.Max(0, text.IndexOf('|'))), out var id) || !_deliveries.TryGetValue(id, out var delivery) || delivery.Text != text)
        {
            simulation.Break("M6", $"'{text}' was delivered by nobody");
            throw new InvalidOperationException();
        }
        return delivery;
    }

    void Place(Box box, Position position, Delivery delivery, bool isAnswered)
    {
        if (box.Numbers.TryGetValue((position.Epoch, position.Sequence), out var there))
        {
            if (there != delivery) simulation.Break("M3", $"{position} of {box.Name} is both {there.Id} and {delivery.Id}");
            return;
        }
        if (delivery.Refused.GetValueOrDefault(box.Name) == delivery.Attempts) simulation.Break("M11", $"{delivery.Id} was refused by {box.Name} and is {position}");
        if (!delivery.Places.TryGetValue(box.Name, out var places)) delivery.Places.Add(box.Name, places = []);
        if (delivery.To.Count + delivery.Groups.Count > 0 && places.Count > 0 && !MayStandTwice(delivery, box))
            simulation.Break(delivery.Groups.Count > 0 ? "G9" : "M13", $"{delivery.Id} stands in {box.Name} at {places[0]} and at {position}");
        if (isAnswered && !delivery.IsWeak && !box.Numbers.ContainsKey((position.Epoch, position.Sequence)) && !MayBeUnseen(delivery, box))
            simulation.Break("M5", $"{delivery.Id} was answered as {position} of {box.Name} and no frame has it");
        places.Add(position);
        box.Numbers.Add((position.Epoch, position.Sequence), delivery);
    }

    /// <summary>An entry may be taken out by the frame that put it in.</summary>
    static bool MayBeUnseen(Delivery delivery, Box box) => box.Kind is 't' or 'b' or 'x' || delivery.TimeToLive is not null;

    bool MayStandTwice(Delivery delivery, Box box) =>
        delivery.Attempts > 1 && (simulation.Now >= delivery.Begun + s_keyMemory || MayBeLost(delivery) || box.Kind == 'x');

    public void NoteOpening(Reading reading)
    {
        (reading.Floor, reading.Answered) = (reading.Box.Acknowledged, reading.Box.Answered);
        if (reading.Request.After is { } after) reading.Box.NoteAcknowledging(after, simulation.Now);
    }

    public void NoteOpened(Reading reading)
    {
        var (box, request, start) = (reading.Box, reading.Request, reading.Reader.Position);
        reading.At = start;
        if (request.After is { } after)
        {
            if (start != after) simulation.Break("M4", $"{reading} asked to begin at {after} and begins at {start}");
            return;
        }
        foreach (var ((epoch, sequence), delivery) in box.Numbers)
        {
            var position = new Position(epoch, sequence);
            if (epoch != start.Epoch || sequence > start.Sequence || delivery.AnsweredAt is null || MayBeGone(box, position, delivery)) continue;
            // What came while it was opening is before or after it.
            if (epoch != reading.Answered.Epoch || sequence > reading.Answered.Sequence) continue;
            if (request.From == StartFrom.Oldest) simulation.Break("M8", $"{reading} begins at {start}, and {position} is kept");
            if (request.From == StartFrom.Unread && !box.Written.Contains(position)) simulation.Break("M8", $"{reading} begins at {start}, and {position} was never written");
        }
        if (request.From == StartFrom.Now && start.Epoch == reading.Answered.Epoch && start.Sequence < reading.Answered.Sequence && !MayBeGone(box, reading.Answered))
            simulation.Break("M8", $"{reading} begins now at {start}, and {reading.Answered} had been answered");
    }

    public void NoteWritten(Reading reading)
    {
        var box = reading.Box;
        var epoch = reading.At.Epoch;
        foreach (var ((numberEpoch, sequence), _) in box.Numbers)
            if (numberEpoch == epoch && sequence <= reading.At.Sequence) box.Written.Add(new(epoch, sequence));
        if (reading.Request.AcknowledgesByLiving) box.NoteAcknowledging(reading.At, simulation.Now + TimeSpan.FromSeconds(60));
    }

    public void NoteRead(Reading reading, ReadStatus status, List<Received> taken)
    {
        if (reading.IsWaiting && !reading.IsSignaled && taken.Exists(static one => one.Message is not null)) simulation.Break("M9", $"{reading} was not told that there is something");
        foreach (var one in taken)
        {
            if (one.Gap is { } gap) CheckGap(reading, one, gap);
            else CheckMessage(reading, one, one.Message!);
            reading.At = one.Position;
            if (reading.Box.Newest is not { } newest || newest.Epoch != one.Position.Epoch || newest.Sequence < one.Position.Sequence) reading.Box.Newest = one.Position;
        }
        if (reading.Reader.Position != reading.At) simulation.Break("M4", $"{reading} is at {reading.Reader.Position} and was told {reading.At}");
        (reading.IsWaiting, reading.IsSignaled) = (status == ReadStatus.Empty, false);
        if (status == ReadStatus.Empty) CheckCaughtUp(reading);
    }

    void CheckMessage(Reading reading, Received one, Message message)
    {
        var (box, delivery) = (reading.Box, DeliveryOf(message));
        if (one.Position.Epoch != reading.At.Epoch || one.Position.Sequence <= reading.At.Sequence) simulation.Break("M3", $"{reading} was at {reading.At} and got {one.Position}");
        Place(box, one.Position, delivery, isAnswered: false);
        if (one.Position.Epoch == reading.Floor.Epoch && one.Position.Sequence <= reading.Floor.Sequence) simulation.Break("M7", $"{reading} got {one.Position}, and {reading.Floor} had been acknowledged");
        // One without a time to live is for those who are connected, for a second after it has come to their partition.
        if (delivery.TimeToLive != TimeSpan.Zero && message.Expires + TimeSpan.FromSeconds(1.25) <= simulation.Now) simulation.Break("M6", $"{reading} got {one.Position}, which ended at {message.Expires:O}");
        if (box.Kind is 't') return;
        if (one.Position.Sequence != reading.At.Sequence + 1) simulation.Break("M10", $"{reading} was at {reading.At} and got {one.Position} without a gap");
    }

    void CheckGap(Reading reading, Received one, Gap gap)
    {
        var box = reading.Box;
        if (gap.To != one.Position) simulation.Break("M10", $"{reading} was told a gap to {gap.To} at {one.Position}");
        if (gap.Reason == GapReason.Epoch)
        {
            if (gap.From != reading.At) simulation.Break("M10", $"{reading} was at {reading.At} and was told the gap {gap}");
            if (gap.From.Epoch == gap.To.Epoch && !MayHoldFuture(box)) simulation.Break("M10", $"{reading} was told {gap}, which is of one epoch");
            return;
        }
        if (gap.From.Epoch != reading.At.Epoch || gap.From.Sequence < reading.At.Sequence || gap.To.Sequence <= gap.From.Sequence || gap.To.Epoch != gap.From.Epoch)
            simulation.Break("M10", $"{reading} was at {reading.At} and was told the gap {gap}");
        for (var sequence = reading.At.Sequence + 1; sequence <= gap.To.Sequence; sequence++)
        {
            var position = new Position(gap.To.Epoch, sequence);
            if (box.Numbers.TryGetValue((position.Epoch, sequence), out var delivery) && !MayBeGone(box, position, delivery))
                simulation.Break("M6", $"{reading} was told {gap}, and nothing takes {position} away, which is {delivery.Id} of {delivery.Begun:HH:mm:ss.fff} for {delivery.TimeToLive}");
        }
    }

    /// <summary>A position may be ahead of the mailbox where numbers in memory were lost.</summary>
    bool MayHoldFuture(Box box) => simulation.Disturbances > 0 && box.Numbers.Values.Any(static delivery => delivery.Level is Durability.Memory or Durability.Process);

    /// <summary>Nothing is there now: everything that was answered has been taken.</summary>
    void CheckCaughtUp(Reading reading)
    {
        var (box, answered) = (reading.Box, reading.Box.Answered);
        if (answered.Epoch != reading.At.Epoch || reading.At.Sequence >= answered.Sequence || MayBeGone(box, answered)) return;
        if (simulation.OwnerOf(PartitionTable.NumberOf(box.Name.ToString(), simulation.Plan.Partitions)) == reading.Node)
            simulation.Break("M9", $"{reading} is at {reading.At} and finds nothing, and {answered} was answered");
    }

    bool MayBeGone(Box box, Position position) => !box.Numbers.TryGetValue((position.Epoch, position.Sequence), out var delivery) || MayBeGone(box, position, delivery);

    bool MayBeGone(Box box, Position position, Delivery delivery) =>
        box.Kind is 'b' || delivery.Topic is not null || box.Deleted.Contains(position) || MayBeLost(delivery) || box.MayBeAcknowledged(position, simulation.Now)
        || simulation.Now >= delivery.Begun + (delivery.TimeToLive ?? s_day);

    public Change NoteChange(GroupName group, IReadOnlyCollection<MailboxName> add, IReadOnlyCollection<MailboxName> remove, bool isAll)
    {
        var change = new Change(group, add, remove, simulation.Moment);
        _changes.Add(change);
        return change;
    }

    public void NoteChanged(Change change, Outcome outcome)
    {
        if (outcome == Outcome.Stored) change.AnsweredAt = simulation.Moment;
        else if (outcome == Outcome.StoreFailed) change.IsUnknown = true;
        else change.IsRefused = true;
    }

    public void CheckInfo(Box box, MailboxInfo? info, Position acknowledged, Position answered)
    {
        if (info is null)
        {
            if (box.MayNotEnd(simulation) && answered != default) simulation.Break("M2", $"{box.Name} is not found");
            return;
        }
        if (info.Acknowledged.Epoch == acknowledged.Epoch && info.Acknowledged.Sequence < acknowledged.Sequence) simulation.Break("M7", $"{box.Name} is acknowledged to {info.Acknowledged}, and {acknowledged} was answered");
        if (info.Last.Epoch == answered.Epoch && info.Last.Sequence < answered.Sequence) simulation.Break("M5", $"{box.Name} ends at {info.Last}, and {answered} was answered");
    }

    /// <summary>A snapshot and the frames behind it say what all frames say.</summary>
    public void CheckSnapshot(StoredPartition partition)
    {
        var replay = new Replay(partition.Number, simulation.Medium.Incarnation, SimulatedLog.OffsetBits + SimulatedLog.FrameBits);
        partition.Read(replay, null);
        CheckSame("a snapshot", partition.Shadow, replay.State);
    }

    public void CheckLive(StoredPartition partition, MailboxEngine engine) => CheckSame("memory", partition.Shadow, engine.Partitions[partition.Number]!.State);

    void CheckSame(string what, PartitionState expected, PartitionState actual)
    {
        var (one, two) = (Tell(expected), Tell(actual));
        if (one != two) simulation.Break("M6", $"partition {expected.Number} of {what} is not what was stored:{Environment.NewLine}{two}{Environment.NewLine}instead of{Environment.NewLine}{one}");
    }

    string Tell(PartitionState state)
    {
        var lines = new List<string>();
        for (var place = 0; place < state.Tables.Slots.End; place++)
        {
            if (state.Tables.Slots[place] is not { } slot) continue;
            var (line, marks) = (new StringBuilder($"{slot.Name} {slot.Epoch:x} {slot.State.Options}"), slot.State.Marks);
            line.Append($" acknowledged {marks.Acknowledged}");
            if (!HasWeak(slot.Name)) line.Append($" tail {marks.Tail}");
            foreach (ref readonly var entry in slot.State.Entries)
                // What is acknowledged goes when the last reader has it, in memory first.
                if (!entry.IsVolatile && entry.Sequence > marks.Acknowledged) line.Append($" {entry.Sequence}:{entry.Size}:{entry.Body.Address:x}");
            line.Append(" in ").AppendJoin(' ', slot.State.Groups.Select(static group => group.ToString()).Order(StringComparer.Ordinal));
            lines.Add(line.ToString());
        }
        lines.Sort(StringComparer.Ordinal);
        return string.Join(Environment.NewLine, lines);
    }

    bool HasWeak(MailboxName name) => _deliveries.Values.Any(delivery => delivery.IsWeak && (delivery.To.Contains(name) || delivery.Groups.Count > 0));

    public void CheckMembers(GroupName group, List<MailboxName> members)
    {
        foreach (var box in _boxes.Values)
        {
            var isMember = members.Contains(box.Name);
            if (isMember && IsSurelyOut(group, box, simulation.Moment, simulation.Moment)) simulation.Break("G3", $"{box.Name} is a member of {group}, and it left or never joined");
            if (!isMember && IsSurelyIn(group, box, simulation.Moment, simulation.Moment)) simulation.Break("G7", $"{box.Name} joined {group} and is no member");
        }
    }

    /// <summary>An answered change put it in before, and nothing can have taken it out.</summary>
    bool IsSurelyIn(GroupName group, Box box, int from, int to)
    {
        if (box.Kind == 'x') return false;
        return _changes.Exists(add => add.Group == group && add.Add.Contains(box.Name) && add.AnsweredAt < from
            && !_changes.Exists(other => other.Group == group && other.Remove.Contains(box.Name) && !other.IsRefused && other.AskedAt <= to && (other.AnsweredAt is null || other.AnsweredAt >= add.AskedAt)));
    }

    /// <summary>Whatever may have put it in was taken back before.</summary>
    bool IsSurelyOut(GroupName group, Box box, int from, int to) =>
        _changes.TrueForAll(add => add.Group != group || !add.Add.Contains(box.Name) || add.IsRefused || add.AskedAt > to
            || (add.AnsweredAt is { } added && _changes.Exists(other => other.Group == group && other.Remove.Contains(box.Name) && other.AskedAt > added && other.AnsweredAt < from)));

    /// <summary>What can be told only when all is over.</summary>
    public void Audit()
    {
        foreach (var delivery in _deliveries.Values) AuditSend(delivery);
        foreach (var box in _boxes.Values) AuditOrder(box);
        AuditGroupOrder();
    }

    void AuditSend(Delivery delivery)
    {
        if (delivery.Groups.Count != 1 || delivery.To.Count > 0) return;
        var group = delivery.Groups[0];
        var end = delivery.IsUnknown ? int.MaxValue : delivery.LastAnswered;
        var members = new List<Box>();
        foreach (var box in _boxes.Values)
        {
            var isThere = delivery.Places.ContainsKey(box.Name);
            if (isThere && delivery.Except.Contains(box.Name)) simulation.Break("G4", $"send {delivery.Id} stands in {box.Name}, which was excepted");
            if (isThere && IsSurelyOut(group, box, delivery.FirstAsked, end)) simulation.Break("G3", $"send {delivery.Id} stands in {box.Name}, which is not in {group}");
            if (box.Kind is 'p' or 't' && !delivery.Except.Contains(box.Name) && IsSurelyIn(group, box, delivery.FirstAsked, end)) members.Add(box);
        }
        if (delivery.IsWeak || delivery.TimeToLive is not null || MayBeLost(delivery)) return;
        var isSent = delivery.Places.Count > 0 || delivery.Stored is not null;
        if (!isSent) return;
        foreach (var box in members)
            if (!delivery.Places.ContainsKey(box.Name)) simulation.Break(delivery.Stored is null ? "G9" : "G4", $"send {delivery.Id} does not stand in {box.Name}, a member of {group}");
        if (delivery.Stored is { } stored && delivery.Attempts == 1 && delivery.Places.Count > stored.Groups[0].Stored)
            simulation.Break("G6", $"send {delivery.Id} stands in {delivery.Places.Count} mailboxes and was answered {stored.Groups[0]}");
    }

    /// <summary>What was answered stands before what was asked for later (spec M3).</summary>
    void AuditOrder(Box box)
    {
        var (epoch, latest) = (0UL, default(Delivery));
        foreach (var ((numberEpoch, sequence), delivery) in box.Numbers)
        {
            if (numberEpoch != epoch) (epoch, latest) = (numberEpoch, null);
            if (latest is not null && delivery.AnsweredAt < latest.FirstAsked && delivery.Places[box.Name].Count == 1 && (delivery.Attempts == 1 || !(delivery.IsWeak || delivery.IsLate)))
                simulation.Break("M3", $"{delivery.Id} was answered before {latest.Id} was asked for, and is {sequence} behind it in {box.Name}");
            if (latest is null || delivery.FirstAsked > latest.FirstAsked) latest = delivery;
        }
    }

    /// <summary>Sends to one group have one order in all mailboxes (spec G5).</summary>
    void AuditGroupOrder()
    {
        var sends = _deliveries.Values.Where(static delivery => delivery.Groups.Count == 1 && delivery.To.Count == 0 && delivery.Places.Count > 0 && (delivery.Attempts == 1 || !(delivery.IsWeak || delivery.IsLate))).ToList();
        foreach (var one in sends)
        {
            foreach (var other in sends)
            {
                if (one.Id >= other.Id || one.Groups[0] != other.Groups[0]) continue;
                int? order = null;
                foreach (var (name, places) in one.Places)
                {
                    if (places.Count != 1 || !other.Places.TryGetValue(name, out var others) || others.Count != 1 || others[0].Epoch != places[0].Epoch) continue;
                    var here = places[0].Sequence.CompareTo(others[0].Sequence);
                    if (order is { } there && there != here) simulation.Break("G5", $"sends {one.Id} and {other.Id} to {one.Groups[0]} stand in another order in {name} than elsewhere");
                    order = here;
                }
            }
        }
    }
}
