using System.Globalization;
using System.Runtime.CompilerServices;
using System.Text;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Time.Testing;

namespace Mailbox.Simulation;

/// <summary>What a history did that the contract does not allow.</summary>
public sealed class BrokenRuleException(string rule, string what) : Exception($"{rule}: {what}")
{
    public string Rule => rule;
}

/// <summary>What one simulation is made of; drawn from its seed.</summary>
sealed record Plan(int Nodes, int Partitions, bool IsShared, int Length, double Faults, double Doubts, double Loses, double Repeats)
{
    public static Plan Of(Random random)
    {
        var isShared = random.Next(4) > 0;
        var nodes = isShared ? random.Next(1, 4) : 1;
        // Some histories have no faults, so that what goes wrong there is not put down to one.
        var isCalm = random.Next(5) == 0;
        return new(
            nodes, random.Next(3) switch { 0 => 1, 1 => 4, _ => 8 }, isShared, random.Next(300, 1500),
            isCalm ? 0 : random.NextDouble() * 0.03, isCalm ? 0 : random.NextDouble() * 0.05, isCalm ? 0 : random.NextDouble() * 0.2, isCalm ? 0 : random.NextDouble() * 0.2);
    }
}

/// <summary>
/// One history of nodes, clients and faults, all of it drawn from one seed: which of the things that could happen next happens. Runs on one thread
/// that belongs to it; nothing waits for the clock. The same seed gives the same history.
/// </summary>
sealed class Simulation
{
    const int MostHealing = 400;

    [ThreadStatic] static Simulation? t_current;

    readonly Random _random;
    readonly List<(Node? Node, int Life, Action Action)> _queue = [];
    readonly List<string> _trace = [];
    readonly Thread _thread = Thread.CurrentThread;
    readonly Clients _clients;
    Node? _acting;
    ulong _hash = 14695981039346656037UL;
    bool _isHealing;
    Exception? _fault;
    TimeSpan _leapt;

    Simulation(int seed)
    {
        Seed = seed;
        _random = new(seed);
        Plan = Plan.Of(_random);
        Time = new FakeTime();
        History = new(this);
        Medium = new(this, Plan.Partitions, Plan.IsShared);
        Network = new(this);
        Nodes = [.. Enumerable.Range(0, Plan.Nodes).Select(static number => new Node(number))];
        _clients = new(this);
        Tell(Plan.ToString());
    }

    public int Seed { get; }

    public Plan Plan { get; }

    public FakeTimeProvider Time { get; }

    public DateTimeOffset Now => Time.GetUtcNow();

    public History History { get; }

    public SimulatedMedium Medium { get; }

    public SimulatedNetwork Network { get; }

    public IReadOnlyList<Node> Nodes { get; }

    /// <summary>Counts what happens.</summary>
    public int Moment { get; private set; }

    /// <summary>Counts what may cost messages that live in memory.</summary>
    public int Disturbances { get; private set; }

    /// <summary>Some partition is being taken or given up.</summary>
    public bool IsMoving => Nodes.Any(static node => node.Moving.Count > 0);

    public int PowerLosses { get; private set; }

    /// <summary>A writer has the turn: it blocks for what it asks for.</summary>
    public bool IsStepping { get; private set; }

    public IReadOnlyList<string> Trace => _trace;

    public string Fingerprint => _hash.ToString("x16", CultureInfo.InvariantCulture);

    /// <summary>Runs one history on a thread of its own.</summary>
    /// <returns>Its trace, and what it broke; null for nothing.</returns>
    public static (IReadOnlyList<string> Trace, string Fingerprint, Exception? Fault) Run(int seed)
    {
        Simulation? simulation = null;
        Exception? fault = null;
        // A thread of its own has no synchronization context: what the engine awaits goes on where it is answered.
        var thread = new Thread(
            () =>
            {
                try
                {
                    simulation = new(seed);
                    t_current = simulation;
                    simulation.Live();
                }
                catch (Exception broken)
                {
                    fault = broken;
                }
            },
            16 << 20);
        thread.Start();
        thread.Join();
        return (simulation?.Trace ?? [], simulation?.Fingerprint ?? "", fault);
    }

    [ModuleInitializer]
    internal static void QueueContinuations() => Continuations.Queue = static action => t_current!.Post(action);

    public int Below(int end) => _random.Next(end);

    public long Between(long from, long to) => _random.NextInt64(from, to + 1);

    public bool Chance(double probability) => _random.NextDouble() < probability;

    public T One<T>(IReadOnlyList<T> of) => of[_random.Next(of.Count)];

    public void Tell(string what)
    {
        var line = string.Create(CultureInfo.InvariantCulture, $"{Moment} {what}");
        _trace.Add(line);
        foreach (var character in line) _hash = (_hash ^ character) * 1099511628211UL;
    }

    public void CheckThread()
    {
        if (Thread.CurrentThread != _thread) throw new InvalidOperationException("The engine ran on a thread that the simulation does not know: it is not deterministic.");
    }

    public Doubt NextDoubt()
    {
        if (_isHealing || !Chance(Plan.Doubts)) return Doubt.None;
        Disturbances++;
        return (Doubt)_random.Next(1, 4);
    }

    /// <summary>The live node that owns a partition by its newest claim.</summary>
    public Node? OwnerOf(int partition)
    {
        foreach (var node in Nodes)
            if (node.Engine?.Partitions[partition] is { } owned && owned.Claim == Medium.Partitions[partition].Claim) return node;
        return null;
    }

    public void As(Node node, Action action)
    {
        var before = _acting;
        _acting = node;
        try
        {
            action();
        }
        finally
        {
            _acting = before;
        }
    }

    /// <summary>What lives in memory may be lost.</summary>
    public void NoteDisturbance() => Disturbances++;

    public void Break(string rule, string what)
    {
        // The engine survives what is thrown at it: it is noted, too.
        _fault ??= new BrokenRuleException(rule, what);
        throw _fault;
    }

    /// <summary>Something that goes on by itself must not fail unnoticed.</summary>
    public async Task WatchAsync(Task task)
    {
        try
        {
            await task.ConfigureAwait(false);
        }
        catch (Exception fault)
        {
            _fault ??= fault;
        }
    }

    void Post(Action action)
    {
        CheckThread();
        _queue.Add((_acting, _acting?.Life ?? 0, action));
    }

    void Live()
    {
        foreach (var node in Nodes) Start(node);
        if (Medium.IsShared)
            foreach (var partition in Medium.Partitions) Own(One(Nodes), [partition.Number]);
        Drain();
        for (Moment = 1; Moment <= Plan.Length; Moment++) Happen();
        Heal();
        _clients.Audit();
        History.Audit();
    }

    /// <summary>One of the things that can happen happens.</summary>
    void Happen()
    {
        _clients.Collect();
        var up = Nodes.Where(static node => node.Engine is not null).ToList();
        switch (Below(100))
        {
            case < 22: _clients.Ask(); break;
            case < 52 when up.Count > 0: Step(One(up)); break;
            case < 68: Continue(); break;
            case < 76 when Network.Count > 0: Network.Next(true); break;
            case < 88: _clients.Read(); break;
            case < 92: Pass(); break;
            default:
                if (up.Count > 0) Maintain(One(up));
                break;
        }
        // Whoever watches the nodes notices soon that nobody owns a partition.
        if (Chance(0.1)) Adopt();
        if (Chance(0.5)) Continue();
        if (Medium.UnderWay.Count > 0 && Chance(0.2)) Medium.Land(One(Medium.UnderWay));
        if (Chance(Plan.Faults)) Fail(up);
        if (Medium.IsAway && Chance(0.2)) Set("back", () => Medium.IsAway = false);
        if (Medium.IsFull && Chance(0.1)) Set("has room", () => Medium.IsFull = false);
        if (_fault is not null) throw _fault;
    }

    void Step(Node node)
    {
        var isDone = false;
        As(node, () =>
        {
            IsStepping = true;
            try
            {
                isDone = node.Engine!.Step();
            }
            finally
            {
                IsStepping = false;
            }
        });
        if (isDone) Tell($"{node} stepped");
    }

    bool Continue()
    {
        if (_queue.Count == 0) return false;
        var index = Below(_queue.Count);
        var (node, life, action) = _queue[index];
        _queue.RemoveAt(index);
        if (node is not null && (node.Engine is null || node.Life != life)) return true;
        if (node is null) action();
        else As(node, action);
        return true;
    }

    void Maintain(Node node)
    {
        Tell($"{node} maintains");
        As(node, node.Engine!.Maintain);
    }

    void Pass()
    {
        var time = Below(100) switch
        {
            < 50 => TimeSpan.FromMilliseconds(Below(300)),
            < 80 => TimeSpan.FromMilliseconds(Below(3_000)),
            < 97 => TimeSpan.FromSeconds(Below(30)),
            // Less than a day in all: nothing but what was told a shorter life ends.
            _ when _leapt < TimeSpan.FromHours(12) => TimeSpan.FromSeconds(Below(900)),
            _ => TimeSpan.Zero,
        };
        _leapt += time;
        Time.Advance(time);
        Tell($"time {Now:HH:mm:ss.fff}");
    }

    void Fail(List<Node> up)
    {
        switch (Below(Medium.IsShared ? 8 : 3))
        {
            case 0 or 1 when up.Count > 0: Crash(One(up)); break;
            case 2: Set("full", () => Medium.IsFull = true); break;
            case 3: Set("away", () => Medium.IsAway = true); break;
            case 4 or 5 when up.Count > 0: Steal(One(up)); break;
            case 6 or 7 when up.Count > 1: Move(One(up), One(up)); break;
        }
    }

    void Set(string what, Action set)
    {
        set();
        Tell($"medium {what}");
    }

    void Start(Node node)
    {
        node.Life++;
        var log = new SimulatedLog(this, Medium, node);
        var options = new EngineOptions { SnapshotBytes = 4 << 10, SnapshotSlice = 2 };
        As(node, () =>
        {
            var engine = new MailboxEngine(log, options, Time);
            engine.Faulted += fault =>
            {
                Tell($"{node} reports {fault.GetType().Name}: {fault.Message}");
                if (fault is not StoreException) _fault ??= new InvalidOperationException($"{node} found a fault in a rule.", fault);
            };
            if (Plan.Nodes > 1) engine.Channels.Peers = new SimulatedPeers(this, node);
            node.Engine = engine;
        });
        Tell($"{node} starts");
        if (!Medium.IsShared) Own(node, [.. Enumerable.Range(0, Plan.Partitions)]);
    }

    void Crash(Node node)
    {
        Disturbances++;
        var hasLostPower = !Medium.IsShared && Chance(0.5);
        Tell($"{node} crashes{(hasLostPower ? " and loses power" : "")}");
        var dead = node.Engine!;
        node.Engine = null;
        node.Moving.Clear();
        _queue.RemoveAll(one => one.Node == node);
        _clients.Forget(node);
        Network.Break(dead);
        if (!hasLostPower) return;
        PowerLosses++;
        Medium.LosePower();
    }

    /// <summary>A node that is down starts again, or one that is up takes what nobody owns.</summary>
    void Adopt()
    {
        if (Nodes.Where(static node => node.Engine is null).ToList() is { Count: > 0 } down && Chance(0.5)) Start(One(down));
        if (Nodes.Where(static node => node.Engine is not null).ToList() is not { Count: > 0 } up) return;
        var orphans = Medium.Partitions.Select(static partition => partition.Number)
            .Where(number => Nodes.All(node => node.Engine?.Partitions[number] is null && !node.Moving.Contains(number))).ToList();
        if (orphans.Count > 0) Own(One(up), Medium.IsShared ? [.. orphans.Where(_ => Chance(0.7))] : orphans);
    }

    void Steal(Node node)
    {
        var others = Enumerable.Range(0, Plan.Partitions).Where(number => node.Engine!.Partitions[number] is null && !node.Moving.Contains(number) && Chance(0.5)).ToList();
        if (others.Count > 0) Own(node, others);
    }

    void Own(Node node, List<int> numbers)
    {
        if (numbers.Count == 0) return;
        Disturbances++;
        Tell($"{node} takes {string.Join(' ', numbers)}");
        As(node, () => _ = WatchAsync(OwnAsync(node, node.Engine!, numbers)));
    }

    async Task OwnAsync(Node node, MailboxEngine engine, List<int> numbers)
    {
        node.Moving.UnionWith(numbers);
        try
        {
            await engine.OwnAsync(numbers, node.ToString()).ConfigureAwait(false);
            Tell($"{node} owns {string.Join(' ', numbers)}");
            // No clock here is ahead of another, so no log has seen a later time.
            if (node.Engine == engine && engine.Clock.Now > Now) Break("M15", $"the clock of {node} is {engine.Clock.Now - Now} ahead");
        }
        catch (StoreException fault)
        {
            Tell($"{node} cannot take them: {fault.Message}");
        }
        if (node.Engine == engine) node.Moving.ExceptWith(numbers);
    }

    void Move(Node from, Node to)
    {
        var numbers = from.Engine!.Partitions.Owned.Select(static partition => partition.Number).Where(number => !from.Moving.Contains(number) && Chance(0.5)).ToList();
        if (numbers.Count == 0 || from == to) return;
        Disturbances++;
        Tell($"{from} gives {string.Join(' ', numbers)} to {to}");
        As(from, () => _ = WatchAsync(MoveAsync(from, from.Engine!, to, numbers)));
    }

    async Task MoveAsync(Node from, MailboxEngine engine, Node to, List<int> numbers)
    {
        from.Moving.UnionWith(numbers);
        try
        {
            await engine.ReleaseAsync(numbers).ConfigureAwait(false);
        }
        catch (StoreException fault)
        {
            Tell($"{from} cannot release them: {fault.Message}");
        }
        from.Moving.ExceptWith(numbers);
        Disturbances++;
        if (to.Engine is { } next) Own(to, [.. numbers.Where(number => next.Partitions[number] is null && !to.Moving.Contains(number))]);
    }

    /// <summary>The faults end, and everything that is under way comes to its end.</summary>
    void Heal()
    {
        _isHealing = true;
        Tell("the faults end");
        (Medium.IsAway, Medium.IsFull) = (false, false);
        for (var quiet = 0; quiet < 5; Moment++)
        {
            if (Moment > Plan.Length + MostHealing) Break("liveness", $"after {MostHealing} rounds without faults there is still {_clients.Describe()}, open {string.Join(' ', Medium.Partitions.Select(static one => string.Join(',', one.Shadow.Channels.Open.Keys)))}, network {Network.Count}, queue {_queue.Count}, owners {string.Join(' ', Medium.Partitions.Select(one => $"{OwnerOf(one.Number)}"))}");
            while (Medium.UnderWay.Count > 0) Medium.Land(One(Medium.UnderWay));
            Adopt();
            foreach (var partition in Medium.Partitions) Confirm(partition);
            Drain();
            foreach (var node in Nodes)
                if (node.Engine is not null) Maintain(node);
            Time.Advance(TimeSpan.FromSeconds(1));
            Drain();
            var isQuiet = _clients.IsQuiet && Network.Count == 0 && Medium.Partitions.All(partition => OwnerOf(partition.Number) is not null)
                && Medium.Partitions.All(static partition => partition.Shadow.Channels.Open.Count == 0);
            quiet = isQuiet ? quiet + 1 : 0;
        }
    }

    /// <summary>Who lost a partition and has not noticed, notices.</summary>
    void Confirm(StoredPartition stored)
    {
        foreach (var node in Nodes)
            if (node.Engine is { } engine && engine.Partitions[stored.Number] is { } partition && partition.Claim != stored.Claim)
                As(node, () => engine.Enqueue(new Request<bool>(engine, default, (batch, _) =>
                {
                    if (engine.Partitions[stored.Number] == partition) batch.Confirm(partition);
                    return true;
                }, static _ => false)));
    }

    /// <summary>Runs everything that needs no time.</summary>
    public void Drain()
    {
        var rounds = 0;
        for (var idle = false; !idle;)
        {
            if (++rounds > 20_000) Break("liveness", $"nothing comes to rest: queue {_queue.Count}, network {Network.Count}");
            idle = true;
            foreach (var node in Nodes)
            {
                if (node.Engine is null) continue;
                var before = _trace.Count;
                Step(node);
                idle &= _trace.Count == before;
            }
            for (var left = _queue.Count; left > 0; left--) idle &= !Continue();
            while (Network.Count > 0)
            {
                Network.Next(false);
                idle = false;
            }
            _clients.Collect();
            if (_fault is not null) throw _fault;
        }
    }

    public string Story(int lines = 80)
    {
        var story = new StringBuilder();
        foreach (var line in _trace.TakeLast(lines)) story.AppendLine(line);
        return story.ToString();
    }

    sealed class FakeTime() : FakeTimeProvider(new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero))
    {
        /// <summary>The base class takes it from the wall clock.</summary>
        public override long GetTimestamp() => GetUtcNow().Ticks;
    }
}
