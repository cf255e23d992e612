using Mailbox.Engine;
using Mailbox.Storage;

namespace Mailbox.Simulation;

/// <summary>
/// Between nodes: requests and answers arrive in any order, late, twice or not at all; where one is late its sender may give up before it comes.
/// </summary>
sealed class SimulatedNetwork(Simulation simulation)
{
    readonly List<(string What, Action Arrive)> _underWay = [];
    readonly List<(MailboxEngine At, Action Fail)> _unanswered = [];

    int _ids;

    public int Count => _underWay.Count;

    /// <summary>One of the messages under way arrives.</summary>
    public void Next(bool mayFail)
    {
        var index = simulation.Below(_underWay.Count);
        var (what, arrive) = _underWay[index];
        var isRepeated = mayFail && simulation.Chance(simulation.Plan.Repeats);
        if (!isRepeated) _underWay.RemoveAt(index);
        simulation.Tell($"network {what}{(isRepeated ? " and once more" : "")}");
        arrive();
    }

    /// <summary>The connections to a node that has died break.</summary>
    public void Break(MailboxEngine dead)
    {
        foreach (var (_, fail) in _unanswered.Where(one => one.At == dead)) _underWay.Add(("breaks", fail));
        _unanswered.RemoveAll(one => one.At == dead);
    }

    /// <summary>Asks another node, and fails where that dies.</summary>
    public async Task<T> AskAsync<T>(Node at, Func<ValueTask<T>> ask)
    {
        var answered = new TaskCompletionSource<T>();
        _unanswered.Add((at.Engine!, () => answered.TrySetException(new StoreException("The node has died."))));
        simulation.As(at, () => _ = simulation.WatchAsync(ReceiveAsync()));
        return await answered.Task.ConfigureAwait(false);

        async Task ReceiveAsync()
        {
            try
            {
                answered.TrySetResult(await ask().ConfigureAwait(false));
            }
            catch (StoreException fault)
            {
                answered.TrySetException(fault);
            }
        }
    }

    public void Pass(Node from, PassedOperations passed)
    {
        var request = Write(passed);
        var engine = from.Engine!;
        var hasEnded = false;
        var id = ++_ids;
        simulation.Tell($"{from} sends {id}: {passed.Source}->{passed.Target} {string.Join(',', passed.Operations.Select(static one => one.Number))}");
        if (simulation.Chance(simulation.Plan.Loses))
        {
            _underWay.Add(($"loses {id}", Fail));
            return;
        }
        _underWay.Add(($"passes {id}", Arrive));
        // The sender gives up, and the request is still on its way.
        if (simulation.Chance(simulation.Plan.Loses)) _underWay.Add(($"times out {id}", Fail));

        void Arrive()
        {
            if (simulation.OwnerOf(passed.Target) is not { Engine: { } target } owner || owner.Engine == engine)
            {
                Fail();
                return;
            }
            _unanswered.Add((target, Fail));
            simulation.As(owner, () => target.Enqueue(new ApplyOperation(target, Read(request), answers =>
            {
                if (simulation.Chance(simulation.Plan.Loses)) answers = null;
                _underWay.Add(($"answers {id}: {(answers is null ? "nothing" : string.Join(',', answers.Select(static one => one.Number)))}", () => Answer(answers)));
            })));
        }

        void Answer(IReadOnlyList<(long Number, OperationAnswer Answer)>? answers)
        {
            if (hasEnded || from.Engine != engine) return;
            hasEnded = true;
            simulation.As(from, () =>
            {
                if (answers is not null) engine.Channels.Answer(passed.Source, passed.Target, answers);
                if (answers is null || answers.Count < passed.Operations.Count) engine.Channels.Fail(passed.Source, passed.Target);
            });
        }

        void Fail() => Answer(null);
    }

    static byte[] Write(PassedOperations passed)
    {
        var to = new ByteWriter();
        to.Varint(passed.Source);
        to.Varint(passed.Target);
        to.Varint(passed.Settled);
        to.Varint(passed.Operations.Count);
        foreach (var (number, operation) in passed.Operations)
        {
            to.Varint(number);
            operation.Write(to, passed.Target);
        }
        return to.Written.ToArray();
    }

    static PassedOperations Read(byte[] passed)
    {
        var from = new ByteReader(passed);
        var (source, target, settled) = (from.Int(), from.Int(), from.Long());
        var operations = new (long, PartitionOperation)[from.Count()];
        for (var i = 0; i < operations.Length; i++) operations[i] = (from.Long(), PartitionOperation.Read(ref from));
        return new(source, target, settled, operations);
    }
}

sealed class SimulatedPeers(Simulation simulation, Node node) : IPartitionPeers
{
    public void Pass(PassedOperations operations) => simulation.Network.Pass(node, operations);

    public async ValueTask<int> CountAsync(GroupName group, CancellationToken cancel)
    {
        var count = 0;
        foreach (var other in simulation.Nodes)
            if (other != node && other.Engine is { } engine) count += (await simulation.Network.AskAsync(other, () => engine.GroupPartAsync(group, null, 1, cancel)).ConfigureAwait(false)).Count;
        return count;
    }
}
