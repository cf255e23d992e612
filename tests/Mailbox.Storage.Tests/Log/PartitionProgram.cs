using System.Globalization;
using System.Text;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>
/// Plans random records of all kinds, applies them to a state as the engine does, and commits them to partition 0 of a log. What a reading
/// of the log gives must be equal to that state, and every body must be where the state says. The same seed does the same to every log.
/// </summary>
sealed class PartitionProgram
{
    static readonly string[] s_groups = ["g1", "g2", "g/3"];

    readonly Random _random;
    readonly FrameBatch _batch = new() { At = LogDriver.Noon };
    readonly Frame _frame = new(0);
    readonly ByteWriter _slice = new();
    readonly Dictionary<(ulong Epoch, long Sequence), byte[]> _bodies = [];
    ILog _log;
    ulong _bodiesAt;

    public PartitionProgram(ILog log, int seed)
    {
        (_log, _random) = (log, new(seed));
        State = new(0, log.Incarnation, log.ContainerBits);
        _batch.Frames.Add(_frame);
    }

    public PartitionState State { get; private set; }

    /// <summary>
    /// What the state was after each frame, by the frame's number, also of one that was not answered. Kept for a log whose claims take no number.
    /// </summary>
    public Dictionary<long, string>? History { get; init; }

    /// <summary>The newest frame that was answered as synced.</summary>
    public long Synced { get; private set; }

    public static async Task<Replay> ReplayAsync(ILog log)
    {
        var replay = new Replay(0, log.Incarnation, log.ContainerBits);
        // Where a snapshot has all, no frame tells its number.
        var end = await log.ReadAsync(0, null, replay);
        replay.State.Applied = end.Sequence;
        return replay;
    }

    /// <summary>The log was opened again; the program goes on with its state, and with the claim's own frame behind its last.</summary>
    public async Task GoOnAsync(ILog log) => (_log, State.Applied) = (log, (await ReplayAsync(log)).State.Applied);

    /// <summary>The log was opened again, or has refused a frame, and the program goes on with the state that was read.</summary>
    public void GoOn(ILog log, PartitionState with)
    {
        (_log, State) = (log, with);
        _frame.Clear();
    }

    public Slot<Location> New(string name) => new(MailboxName.Parse(name), State.NewEpoch(), MailboxOptions.Default);

    public void Commit(Durability level)
    {
        for (var left = _random.Next(1, 6); left > 0; left--) PlanSomething();
        CommitPlanned(level);
    }

    public void CommitPlanned(Durability level)
    {
        if (_frame.IsEmpty) return;
        _batch.Durability = level;
        State.Tables.Saw(_batch.At);
        if (History is not null) History[State.Applied + 1] = Dump(State);
        _log.Commit(_batch);
        Assert.Equal(FrameOutcome.Stored, _frame.Outcome);
        State.Applied = _frame.Sequence;
        if (level == Durability.Disk) Synced = State.Applied;
        _frame.Clear();
        _batch.At = _batch.At.AddMilliseconds(_random.Next(2000));
    }

    public void Plan(params ILogRecord[] records)
    {
        foreach (var record in records)
        {
            record.Write(_frame.Records);
            record.Apply(State);
        }
    }

    public void Append(string body, params Slot<Location>[] mailboxes) => Append(body, null, [.. mailboxes.Select(one => new MessageTarget(one, one.State.Marks.Tail + 1))]);

    public void WriteSnapshot(int mailboxesAtOnce, int commitsBetween)
    {
        using var writer = _log.BeginSnapshot(0);
        TakeSlices(writer, mailboxesAtOnce, commitsBetween);
        writer.Complete(State.Applied);
    }

    public void AbandonSnapshot()
    {
        using var writer = _log.BeginSnapshot(0);
        TakeSlices(writer, mailboxesAtOnce: 5, commitsBetween: 1);
    }

    /// <summary>Copies what is left in the container that is the least in use, and is not the one being written to, to the end of the log.</summary>
    public void Compact()
    {
        var current = (long)(_log.NextAddress(0) >> _log.ContainerBits);
        var live = new List<(Location From, Slot<Location> Mailbox, long Sequence)>();
        foreach (var mailbox in MailboxesOf(State))
            foreach (ref readonly var entry in mailbox.State.Entries)
                live.Add((entry.Body, mailbox, entry.Sequence));
        var victim = live.Select(one => State.ContainerOf(one.From)).Where(one => one < current).OrderBy(State.UsedOf).FirstOrDefault(-1L);
        foreach (var message in live.Where(one => State.ContainerOf(one.From) == victim).GroupBy(one => one.From))
        {
            var targets = message.Select(one => new MessageTarget(one.Mailbox, one.Sequence)).ToArray();
            var offset = Body(_bodies[(targets[0].Mailbox.Epoch, targets[0].Sequence)]);
            Plan(new MessageMovedRecord(message.Key, _bodiesAt, offset, _frame.Bodies.Length - offset, targets, targets.Length));
        }
        CommitPlanned(Durability.Process);
        if (victim >= 0) Assert.Equal(0, State.UsedOf(victim));
    }

    /// <summary>Frees all containers in which nothing is left.</summary>
    public async Task FreeAsync()
    {
        _log.Sync();
        var containers = await _log.ContainersAsync(0);
        await _log.FreeAsync(0, [.. containers.Select(static one => one.Container).Where(one => State.UsedOf(one) == 0)]);
    }

    /// <summary>What the log holds is this state, with every body.</summary>
    public async Task CheckAsync(ILog log) => await CheckAsync(log, (await ReplayAsync(log)).State);

    /// <param name="replayed">What was read from the log.</param>
    public async Task CheckAsync(ILog log, PartitionState replayed)
    {
        Assert.Equal(State.Applied, replayed.Applied);
        Assert.Equal(Dump(State), Dump(replayed));
        await CheckBodiesAsync(log, replayed);
    }

    /// <summary>What was read of the log is what the state was after that frame, with every body.</summary>
    public async Task CheckHistoryAsync(ILog log, PartitionState replayed)
    {
        Assert.Equal(replayed.Applied == 0 ? Dump(new(0, log.Incarnation, log.ContainerBits)) : History![replayed.Applied], Dump(replayed));
        await CheckBodiesAsync(log, replayed);
    }

    async Task CheckBodiesAsync(ILog log, PartitionState state)
    {
        var (ranges, expected) = (new List<BodyRange>(), new List<byte[]>());
        foreach (var mailbox in MailboxesOf(state))
            foreach (ref readonly var entry in mailbox.State.Entries)
            {
                ranges.Add(new(entry.Body.Address, entry.Size + MessageCodec.MaxOverhead));
                expected.Add(_bodies[(mailbox.Epoch, entry.Sequence)]);
            }
        var found = new ReadOnlyMemory<byte>[ranges.Count];
        await log.ReadBodiesAsync(0, ranges.ToArray(), found);
        for (var i = 0; i < found.Length; i++)
        {
            Assert.Equal(expected[i].Length, MessageCodec.Check(found[i].Span));
            Assert.True(found[i].Span.StartsWith(expected[i]), $"the body at {ranges[i].Address}");
        }
    }

    /// <summary>All that a state holds and that a log must keep, in words.</summary>
    public static string Dump(PartitionState state)
    {
        var text = new StringBuilder();
        var (tables, containers) = (state.Tables, new SortedSet<long>());
        text.AppendLine(CultureInfo.InvariantCulture, $"last epoch {state.LastEpoch}, seen {tables.LastSeen:O}, {tables.Slots.Count} mailboxes");
        var mailboxes = MailboxesOf(state).OrderBy(static mailbox => mailbox.Name.ToString(), StringComparer.Ordinal).ToList();
        foreach (var mailbox in mailboxes)
            foreach (ref readonly var entry in mailbox.State.Entries) containers.Add(state.ContainerOf(entry.Body));
        foreach (var container in containers) text.AppendLine(CultureInfo.InvariantCulture, $"container {container}: {state.UsedOf(container)}");
        foreach (var mailbox in mailboxes) Dump(text, mailbox);
        foreach (var group in s_groups)
            text.AppendLine(CultureInfo.InvariantCulture, $"group {group}: {string.Join(' ', tables.Groups.Find(GroupName.Parse(group))?.Page(null, int.MaxValue).Members ?? [])}");
        var now = (uint)tables.LastSeen.ToUnixTimeSeconds();
        for (var key = 0; key < Keys; key++)
            if (tables.Keys.Find(new((UInt128)key), now) is { } answer) text.AppendLine(CultureInfo.InvariantCulture, $"key {key}: {answer}");
        return text.ToString();
    }

    const int Keys = 50;

    static void Dump(StringBuilder text, Slot<Location> mailbox)
    {
        var state = mailbox.State;
        text.AppendLine(CultureInfo.InvariantCulture, $"{mailbox.Name} {mailbox.Epoch} {state.Options} {state.Marks} in {string.Join(' ', state.Groups.Select(static group => group.ToString()).Order(StringComparer.Ordinal))}");
        foreach (ref readonly var entry in state.Entries) text.AppendLine(CultureInfo.InvariantCulture, $"  {entry.Sequence}: {entry.Size} bytes until {entry.Expires} at {entry.Body.Bits}");
        text.AppendLine(CultureInfo.InvariantCulture, $"  holes {string.Join(' ', state.Holes)}");
        foreach (var (topic, newest) in (state.Topics ?? new Dictionary<string, long>()).OrderBy(static pair => pair.Key, StringComparer.Ordinal))
            text.AppendLine(CultureInfo.InvariantCulture, $"  topic {topic}: {newest}");
    }

    static IEnumerable<Slot<Location>> MailboxesOf(PartitionState state)
    {
        for (var place = 0; place < state.Tables.Slots.End; place++)
            if (state.Tables.Slots[place] is { } mailbox) yield return mailbox;
    }

    void PlanSomething()
    {
        var mailboxes = MailboxesOf(State).ToList();
        var some = mailboxes.Count < 3 || _random.Next(25) == 0 ? Make() : mailboxes[_random.Next(mailboxes.Count)];
        var tail = some.State.Marks.Tail;
        var sequence = 1 + _random.NextInt64(tail + 1);
        var isThere = sequence <= tail;
        switch (_random.Next(12))
        {
            case 0: if (isThere) Plan(new MessageRemovedRecord(some, sequence, _random.Next(2) == 0 ? GapReason.Overflow : null)); break;
            case 1: if (isThere) Plan(new AcknowledgedRecord(some, sequence, _random.Next(3) == 0 ? sequence / 2 : sequence)); break;
            case 2: Plan(new WrittenMarkedRecord(some, tail)); break;
            case 3: Plan(new NumbersReservedRecord(some, tail + 10, _random.Next(2) == 0 ? Durability.Memory : Durability.Process)); break;
            case 4: Plan(new DeadlineMovedRecord(some, 1000 + tail, _random.Next(2) == 0)); break;
            case 5: Plan(new OptionsSetRecord(some, MailboxOptions.Default with { MaxMessages = 1 + (int)tail })); break;
            case 6: Join(some); break;
            case 7: Remember(some); break;
            case 8: if (_random.Next(6) == 0) Plan(new MailboxRemovedRecord(some)); break;
            case 9: SendTo([.. mailboxes.Where(_ => _random.Next(3) == 0).DefaultIfEmpty(some)]); break;
            default: SendTo([some]); break;
        }
    }

    Slot<Location> Make()
    {
        var name = $"m{_random.Next(200)}";
        if (State.Tables.Find(MailboxName.Parse(name)) is { } known) return known;
        var mailbox = New(name);
        Plan(new MailboxMadeRecord(mailbox, 1000 + _random.Next(1000)));
        return mailbox;
    }

    void SendTo(Slot<Location>[] mailboxes)
    {
        var body = new string((char)('a' + _random.Next(26)), _random.Next(30) == 0 ? _random.Next(6000) : _random.Next(80));
        Append(body, _random.Next(4) == 0 ? $"t{_random.Next(3)}" : null, [.. mailboxes.Select(Next)]);

        MessageTarget Next(Slot<Location> one) =>
            new(one, Math.Max(one.State.Marks.Tail + 1, _random.Next(10) == 0 ? one.State.Marks.Reserved : 0));
    }

    void Append(string body, string? topic, MessageTarget[] targets)
    {
        var message = new Message { ContentType = "text/plain", Body = Encoding.UTF8.GetBytes(body), Topic = topic, At = _batch.At, Expires = _batch.At.AddDays(1) };
        var part = new ByteWriter();
        MessageCodec.Write(part, message);
        var offset = Body(part.Written);
        foreach (var (mailbox, sequence) in targets) _bodies[(mailbox.Epoch, sequence)] = part.Written.ToArray();
        var summary = new MessageSummary(message.Body.Length, ExpiryTick.NotBefore(message.Expires), topic);
        Plan(new MessageAppendedRecord(_bodiesAt, offset, part.Length, summary, targets, targets.Length));
    }

    /// <returns>Where it lies in the frame's bodies.</returns>
    int Body(ReadOnlySpan<byte> part)
    {
        _bodiesAt = _log.NextAddress(0);
        _frame.Bodies.Bytes(part);
        return _frame.Bodies.Length - part.Length;
    }

    void Join(Slot<Location> some)
    {
        var group = GroupName.Parse(s_groups[_random.Next(s_groups.Length)]);
        Plan(_random.Next(3) > 0 ? new MembersChangedRecord(group, [some], []) : new MembersChangedRecord(group, [], [some]));
    }

    void Remember(Slot<Location> some)
    {
        var expires = (uint)_batch.At.ToUnixTimeSeconds() + (uint)_random.Next(1, 4000);
        var isSend = _random.Next(2) == 0;
        RememberedKey answer = isSend ? new(1, expires, 2, _random.Next(), -1, 0) : new(2, expires, some.Epoch, some.State.Marks.Tail, 0, 7);
        Plan(new KeyRememberedRecord(new((UInt128)_random.Next(Keys)), answer));
    }

    void TakeSlices(ISnapshotWriter writer, int mailboxesAtOnce, int commitsBetween)
    {
        var source = new SnapshotSource(State, mailboxesAtOnce);
        for (var goesOn = true; goesOn;)
        {
            _slice.Clear();
            goesOn = source.TakeSlice(_slice);
            if (_slice.Length > 0) writer.Write(_slice.Written);
            for (var left = commitsBetween; left > 0 && goesOn; left--) Commit(Durability.Process);
        }
    }
}
