using System.Text;
using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Simulation;

/// <summary>Who uses the grid: backends that deliver, send and manage, and readers that hold mailboxes. Everything they are told goes into the history.</summary>
sealed class Clients(Simulation simulation)
{
    static readonly MailboxName[] s_mailboxes = [.. new[] { "p0", "p1", "p2", "p3", "t0", "t1", "b0", "b1", "x0", "x1" }.Select(MailboxName.Parse)];
    static readonly GroupName[] s_groups = [.. new[] { "g0", "g1", "g2" }.Select(GroupName.Parse)];

    readonly List<Asked> _asked = [];
    readonly List<Reading> _readings = [];
    readonly List<Delivery> _again = [];
    int _ids;

    History History => simulation.History;

    public bool IsQuiet => _asked.Count == 0;

    public string Describe() => $"{_asked.Count} without an answer: {string.Join(", ", _asked.Select(static asked => asked.What))}";

    /// <summary>Starts something.</summary>
    public void Ask()
    {
        if (_asked.Count >= 12) return;
        switch (simulation.Below(100))
        {
            case < 38: Deliver(); break;
            case < 50: Send(); break;
            case < 60: Open(simulation.One(s_mailboxes), null); break;
            case < 68: Join(); break;
            case < 72: Leave(); break;
            case < 82: Acknowledge(); break;
            case < 87: Repeat(); break;
            case < 89: Remove(); break;
            case < 92: SetOptions(); break;
            case < 94: Delete(); break;
            case < 96: RemoveGroup(); break;
            case < 98: Post(); break;
            default: Look(); break;
        }
    }

    /// <summary>Takes the answers that have come.</summary>
    public void Collect()
    {
        for (var i = 0; i < _asked.Count; i++)
        {
            if (!_asked[i].Task.IsCompleted) continue;
            var asked = _asked[i];
            _asked.RemoveAt(i--);
            asked.Take();
        }
    }

    /// <summary>A node has died, and what was asked of it gets no answer.</summary>
    public void Forget(Node node)
    {
        foreach (var asked in _asked.Where(asked => asked.Node == node)) asked.Lose();
        _asked.RemoveAll(asked => asked.Node == node);
        _readings.RemoveAll(reading => reading.Node == node);
    }

    /// <summary>A reader does something.</summary>
    public void Read()
    {
        if (_readings.Count == 0) return;
        var reading = simulation.One(_readings);
        if (reading.Loading is { IsCompleted: false }) return;
        reading.Loading = null;
        simulation.As(reading.Node, () =>
        {
            switch (simulation.Below(10))
            {
                case < 6: Take(reading); break;
                case < 9: Written(reading); break;
                default:
                    reading.Reader.Close();
                    _readings.Remove(reading);
                    simulation.Tell($"{reading} closes");
                    // Some come back where they were.
                    if (simulation.Chance(0.4)) Open(reading.Box.Name, reading.At);
                    break;
            }
        });
    }

    /// <summary>At the end every mailbox is read from the oldest on, and every group is listed.</summary>
    public void Audit()
    {
        foreach (var reading in _readings.ToList())
        {
            simulation.As(reading.Node, () => ReadAll(reading));
            simulation.As(reading.Node, reading.Reader.Close);
        }
        _readings.Clear();
        simulation.Drain();
        foreach (var name in s_mailboxes)
        {
            Open(name, null, StartFrom.Oldest);
            simulation.Drain();
            if (_readings.Count != 1) simulation.Break("M2", $"{name} cannot be opened");
            simulation.As(_readings[0].Node, () => ReadAll(_readings[0]));
            if (_readings.Count > 0) simulation.As(_readings[0].Node, _readings[0].Reader.Close);
            _readings.Clear();
            simulation.Drain();
        }
        foreach (var group in s_groups) History.CheckMembers(group, [.. simulation.Medium.Partitions.SelectMany(partition => Members(partition, group))]);
        foreach (var partition in simulation.Medium.Partitions) History.CheckLive(partition, simulation.OwnerOf(partition.Number)!.Engine!);
    }

    static IEnumerable<MailboxName> Members(StoredPartition partition, GroupName group)
    {
        if (partition.Shadow.Tables.Groups.Find(group) is not { } members) yield break;
        for (var i = 0; i < members.Count; i++) yield return members[i].Name;
    }

    void ReadAll(Reading reading)
    {
        for (var round = 0; round < 10_000; round++)
        {
            if (reading.Loading is { } loading)
            {
                if (!loading.IsCompleted) simulation.Drain();
                if (!loading.IsCompleted) simulation.Break("M6", $"{reading} waits for ever for a body");
                reading.Loading = null;
            }
            var status = Take(reading);
            if (status is ReadStatus.Empty or ReadStatus.Ended) return;
            if (status == ReadStatus.WindowFull) Written(reading);
        }
        simulation.Break("M9", $"{reading} comes to no end");
    }

    ReadStatus Take(Reading reading)
    {
        var taken = new List<Received>();
        var status = reading.Reader.TryRead(taken);
        simulation.Tell($"{reading} {status} {string.Join(' ', taken.Select(static one => one.Gap is { } gap ? $"({gap.From}..{gap.To} {gap.Reason})" : $"{one.Position}"))}");
        History.NoteRead(reading, status, taken);
        if (status == ReadStatus.Ended) _readings.Remove(reading);
        if (status == ReadStatus.Cold) reading.Loading = simulation.WatchAsync(LoadAsync(reading));
        return status;
    }

    static async Task LoadAsync(Reading reading)
    {
        try
        {
            await reading.Reader.LoadAsync().ConfigureAwait(false);
        }
        catch (StoreException fault) when (!fault.Message.Contains("damaged", StringComparison.Ordinal))
        {
            // The medium is away: it is tried again.
        }
    }

    void Written(Reading reading)
    {
        reading.Reader.Written();
        History.NoteWritten(reading);
        simulation.Tell($"{reading} has written to {reading.At}");
    }

    Node? NodeFor(string name, bool isSure = false)
    {
        var owner = simulation.OwnerOf(PartitionTable.NumberOf(name, simulation.Plan.Partitions));
        if (owner is not null && (isSure || !simulation.Chance(0.05))) return owner;
        var up = simulation.Nodes.Where(static node => node.Engine is not null).ToList();
        return up.Count == 0 ? null : simulation.One(up);
    }

    void Start<T>(Node node, string what, Func<MailboxEngine, ValueTask<T>> ask, Action<T> answered, Action? lost = null)
    {
        simulation.Tell($"{node} is asked: {what}");
        Task<T> task = null!;
        simulation.As(node, () => task = ask(node.Engine!).AsTask());
        _asked.Add(new(node, what, task, Take, lost ?? (static () => { })));

        void Take()
        {
            if (task.Exception is { InnerException: StoreException or OperationCanceledException } fault)
            {
                simulation.Tell($"{what}: {fault.InnerException!.Message}");
                lost?.Invoke();
                return;
            }
            var answer = task.GetAwaiter().GetResult();
            simulation.Tell($"{what}: {(answer is OpenResult open ? open.Outcome : answer is PostResult post ? string.Join(' ', post.To) + string.Join(' ', post.Groups) : answer)}");
            answered(answer);
        }
    }

    static MessageDraft Draft(Delivery delivery) => new()
    {
        Body = Encoding.UTF8.GetBytes(delivery.Text),
        Durability = delivery.Level,
        IdempotencyKey = delivery.Key,
        Topic = delivery.Topic,
        TimeToLive = delivery.TimeToLive,
    };

    Delivery NewDelivery(IReadOnlyList<MailboxName> to, IReadOnlyList<GroupName> groups)
    {
        var id = ++_ids;
        var hasTopic = to.Count == 1 && groups.Count == 0 && to[0].ToString()[0] == 't' && simulation.Chance(0.6);
        return new(id, to, groups)
        {
            Text = $"{id}|{new string('.', simulation.Chance(0.1) ? simulation.Below(3_000) : simulation.Below(60))}",
            Level = simulation.Below(10) switch { 0 => Durability.Memory, 1 or 2 => Durability.Process, 3 => null, _ => Durability.Disk },
            Key = simulation.Chance(0.4) ? $"k{id}" : null,
            Topic = hasTopic ? $"topic{simulation.Below(3)}" : null,
            TimeToLive = simulation.Chance(0.1) ? TimeSpan.FromSeconds(simulation.Below(40)) : null,
            Except = groups.Count > 0 && simulation.Chance(0.2) ? [simulation.One(s_mailboxes)] : [],
            Begun = simulation.Now,
            FirstAsked = simulation.Moment,
            Disturbances = simulation.Disturbances,
            PowerLosses = simulation.PowerLosses,
        };
    }

    void Deliver() => Attempt(NewDelivery([simulation.One(s_mailboxes)], []));

    void Send() => Attempt(NewDelivery([], [simulation.One(s_groups)]));

    /// <summary>One message for several mailboxes and groups, at the node that owns the first.</summary>
    void Post()
    {
        var to = s_mailboxes.Where(_ => simulation.Chance(0.2)).ToList();
        if (to.Count == 0) to.Add(simulation.One(s_mailboxes));
        Attempt(NewDelivery(to, simulation.Chance(0.5) ? [simulation.One(s_groups)] : []) with { Key = null });
    }

    /// <summary>What got no certain answer, and some of what did, is tried again with its key.</summary>
    void Repeat()
    {
        if (_again.Count == 0) return;
        var delivery = simulation.One(_again);
        if (simulation.Now - delivery.Begun > TimeSpan.FromMinutes(9)) return;
        if (delivery.Stored is null || simulation.Chance(0.8)) Attempt(delivery);
        // The same key with another body is refused.
        else Attempt(NewDelivery(delivery.To, delivery.Groups) with { Key = delivery.Key, Topic = null, Level = delivery.Level, Except = delivery.Except, Reuses = delivery });
    }

    void Attempt(Delivery delivery)
    {
        if (NodeFor(delivery.To.Count > 0 ? delivery.To[0].ToString() : delivery.Groups[0].ToString()) is not { } node) return;
        delivery.Attempts++;
        History.NoteAsked(delivery);
        if (delivery is { Key: not null, Reuses: null } && delivery.Attempts == 1) _again.Add(delivery);
        var (asked, disturbances) = (simulation.Moment, simulation.Disturbances);
        Start(
            node, $"deliver {delivery.Id} to {string.Join(' ', delivery.To)}{string.Join(' ', delivery.Groups)} {delivery.Level} {delivery.Key}",
            engine => engine.PostAsync(new(Draft(delivery), delivery.To, delivery.Groups, delivery.Except) { Copy = delivery.To.Count + delivery.Groups.Count < 2 ? 0 : (ulong)delivery.Id }),
            result => History.NoteAnswer(delivery, result, asked, disturbances),
            () => delivery.IsUnknown = true);
    }

    void Open(MailboxName name, Position? after, StartFrom? from = null)
    {
        if (NodeFor(name.ToString(), from is not null) is not { } node) return;
        var box = History.Of(name);
        // A bounded mailbox is told its bounds by an option, an expiring one its idle time by each open.
        var request = new OpenRequest
        {
            After = after,
            From = from ?? (StartFrom)simulation.Below(3),
            Conflict = from is null && simulation.Chance(0.1) ? ConflictPolicy.Takeover : ConflictPolicy.Share,
            AcknowledgesByLiving = from is null && simulation.Chance(0.3),
            WindowMessages = simulation.Below(2) == 0 ? 1 + simulation.Below(4) : 64,
            Idle = box.Kind == 'x' && from is null ? TimeSpan.FromSeconds(20 + simulation.Below(60)) : null,
        };
        if (request.Idle is { } idle) box.NoteIdle(idle);
        var reading = new Reading(++_ids, node, box, request);
        History.NoteOpening(reading);
        Start(
            node, $"open {name} {(after is { } at ? at : request.From)}{(request.AcknowledgesByLiving ? " living" : "")}", engine => engine.OpenAsync(name, request, reading),
            result =>
            {
                if (result.Reader is null) return;
                reading.Reader = result.Reader;
                _readings.Add(reading);
                History.NoteOpened(reading);
            });
    }

    void Acknowledge()
    {
        var name = simulation.One(s_mailboxes);
        var box = History.Of(name);
        if (box.Newest is not { } newest || NodeFor(name.ToString()) is not { } node) return;
        var position = newest with { Sequence = simulation.Between(Math.Max(0, newest.Sequence - 8), newest.Sequence) };
        box.NoteAcknowledging(position, simulation.Now);
        Start(
            node, $"acknowledge {name} {position}", engine => engine.AcknowledgeAsync(name, position),
            outcome =>
            {
                if (outcome == AcknowledgeOutcome.Acknowledged) box.NoteAcknowledged(position);
                if (outcome == AcknowledgeOutcome.BadPosition && box.MayNotEnd(simulation)) simulation.Break("M7", $"{position} of {name} was refused");
            });
    }

    void Join()
    {
        var (group, add) = (simulation.One(s_groups), s_mailboxes.Where(_ => simulation.Chance(0.3)).ToList());
        if (add.Count > 0) ChangeMembers(group, add, []);
    }

    void Leave()
    {
        var (group, remove) = (simulation.One(s_groups), s_mailboxes.Where(_ => simulation.Chance(0.2)).ToList());
        if (remove.Count > 0) ChangeMembers(group, [], remove);
    }

    void ChangeMembers(GroupName group, List<MailboxName> add, List<MailboxName> remove)
    {
        if (NodeFor(group.ToString()) is not { } node) return;
        var change = History.NoteChange(group, add, remove, isAll: false);
        Start(
            node, $"{group}: {string.Join(' ', add)} join, {string.Join(' ', remove)} leave", engine => engine.ChangeMembersAsync(group, add, remove),
            result => History.NoteChanged(change, result.Outcome),
            () => change.IsUnknown = true);
    }

    void RemoveGroup()
    {
        var group = simulation.One(s_groups);
        if (NodeFor(group.ToString()) is not { } node) return;
        var change = History.NoteChange(group, [], s_mailboxes, isAll: true);
        Start(
            node, $"remove {group}", engine => engine.RemoveGroupAsync(group),
            outcome => History.NoteChanged(change, outcome == Outcome.NotFound ? Outcome.Stored : outcome),
            () => change.IsUnknown = true);
    }

    void Remove()
    {
        var name = s_mailboxes[^(1 + simulation.Below(2))];
        if (NodeFor(name.ToString()) is not { } node) return;
        History.Of(name).NoteRemoving(simulation.Moment);
        Start(node, $"remove {name}", engine => engine.RemoveAsync(name), static _ => { });
    }

    void SetOptions()
    {
        var name = MailboxName.Parse(simulation.One(["b0", "b1"]));
        if (NodeFor(name.ToString()) is not { } node) return;
        var change = new MailboxOptionsChange { MaxMessages = 2 + simulation.Below(5), Overflow = (OverflowPolicy)simulation.Below(3) };
        Start(node, $"bound {name} to {change.MaxMessages}, {change.Overflow}", engine => engine.SetOptionsAsync(name, change), static _ => { });
    }

    void Delete()
    {
        var name = MailboxName.Parse(simulation.One(["t0", "t1"]));
        var box = History.Of(name);
        if (box.Newest is not { } newest || NodeFor(name.ToString()) is not { } node) return;
        var position = newest with { Sequence = simulation.Between(Math.Max(1, newest.Sequence - 4), Math.Max(1, newest.Sequence)) };
        box.Deleted.Add(position);
        Start(node, $"delete {position} of {name}", engine => engine.DeleteMessageAsync(name, position), static _ => { });
    }

    void Look()
    {
        var name = simulation.One(s_mailboxes);
        if (NodeFor(name.ToString()) is not { } node) return;
        var box = History.Of(name);
        var (acknowledged, stored) = (box.Acknowledged, box.Answered);
        Start(
            node, $"look at {name}", engine => engine.GetAsync(name),
            info => History.CheckInfo(box, info, acknowledged, stored));
    }

    sealed record Asked(Node Node, string What, Task Task, Action Take, Action Lose);
}

/// <summary>A reader, and what it has seen.</summary>
sealed class Reading(int id, Node node, Box box, OpenRequest request) : IReaderSignal
{
    public Node Node => node;

    public Box Box => box;

    public OpenRequest Request => request;

    public IMailboxReader Reader { get; set; } = null!;

    public Task? Loading { get; set; }

    /// <summary>Where it is by what it was told.</summary>
    public Position At { get; set; }

    /// <summary>What had been acknowledged when it asked to open.</summary>
    public Position Floor { get; set; }

    /// <summary>What had been answered as stored when it asked to open.</summary>
    public Position Answered { get; set; }

    public bool IsWaiting { get; set; }

    public bool IsSignaled { get; set; }

    public void Ready() => IsSignaled = true;

    public override string ToString() => $"reader{id} of {box.Name}";
}
