using System.Collections.Concurrent;
using Mailbox.Engine;
using Mailbox.Storage;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <summary>
/// Partitions of other silos, as this one reaches them: operations go to the silo that owns their target, one batch in flight for each silo while the next
/// collects, which keeps their order. Safe from any thread.
/// </summary>
sealed partial class PartitionPeers(
    MailboxEngine engine, MailboxHubs hubs, PartitionMap map, ILocalSiloDetails silo, IClusterMembershipService membership, TimeProvider time,
    ILogger<PartitionPeers> log) : IPartitionPeers
{
    const long MostBytes = 1 << 20;

    // A silo that died is replaced within this time.
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(8);

    readonly ConcurrentDictionary<SiloAddress, Queue<PassedOperations>> _waiting = new();

    public void Pass(PassedOperations operations)
    {
        if (map[operations.Target] is not { } owner || owner.Equals(silo.SiloAddress) || membership.CurrentSnapshot.GetSiloStatus(owner) == SiloStatus.Dead)
        {
            engine.Channels.Fail(operations.Source, operations.Target);
            return;
        }
        var queue = _waiting.GetOrAdd(owner, static _ => new());
        bool isFirst;
        lock (queue)
        {
            isFirst = queue.Count == 0;
            queue.Enqueue(operations);
        }
        if (isFirst) _ = Task.Run(() => PassAsync(owner, queue));
    }

    public async ValueTask<int> CountAsync(GroupName group, CancellationToken cancel) =>
        (await GatherAsync(group, null, 1, includesSelf: false, cancel).ConfigureAwait(false)).Sum(static page => page.Count);

    /// <summary>A page of a group's members in all partitions.</summary>
    /// <exception cref="StoreException">Some partition has no owner that answers now.</exception>
    public async ValueTask<GroupPage?> GetGroupAsync(GroupName group, string? after, int limit, CancellationToken cancel)
    {
        var page = MailboxEngine.MergePages(await GatherAsync(group, after, limit, includesSelf: true, cancel).ConfigureAwait(false), limit);
        return page.Count == 0 ? null : page;
    }

    /// <summary>A page of the names of all mailboxes.</summary>
    /// <exception cref="StoreException">Some partition has no owner that answers now.</exception>
    public async ValueTask<MailboxName[]> ListAsync(string? after, int limit, CancellationToken cancel)
    {
        var parts = await AskAllAsync(hub => hub.List(after, limit), includesSelf: true).WaitAsync(cancel).ConfigureAwait(false);
        return NameList.FirstOf(parts.SelectMany(static part => part.Names), limit);
    }

    async Task<IReadOnlyList<GroupPage>> GatherAsync(GroupName group, string? after, int limit, bool includesSelf, CancellationToken cancel)
    {
        var parts = await AskAllAsync(hub => hub.GroupPart(group, after, limit), includesSelf).WaitAsync(cancel).ConfigureAwait(false);
        return [.. parts.Select(static part => new GroupPage(part.Count, part.Names, part.Next))];
    }

    /// <summary>Asks every silo that owns partitions, and again while some partition is on its way from one to another.</summary>
    async Task<NamesPart[]> AskAllAsync(Func<IMailboxHub, Task<NamesPart>> ask, bool includesSelf)
    {
        var (start, backoff) = (time.GetTimestamp(), new Backoff(time));
        while (true)
        {
            try
            {
                var silos = map.Owners.Where(owner => includesSelf || !owner.Equals(silo.SiloAddress)).ToList();
                var parts = await Task.WhenAll(silos.Select(owner => ask(hubs.Of(owner)))).ConfigureAwait(false);
                var covered = parts.SelectMany(static part => part.Partitions).ToList();
                if (!includesSelf) covered.AddRange(engine.Partitions.Owned.Select(static partition => partition.Number));
                if (covered.Count == engine.Partitions.Count && covered.Distinct().Count() == covered.Count) return parts;
                if (time.GetElapsedTime(start) >= s_patience) throw new StoreException("Some partitions have no owner now.");
            }
            catch (Exception fault) when (fault is not StoreException)
            {
                if (time.GetElapsedTime(start) >= s_patience) throw new StoreException($"A silo does not answer: {fault.Message}", fault);
            }
            await backoff.WaitAsync(CancellationToken.None).ConfigureAwait(false);
            await map.RefreshAsync(engine.Log, membership, CancellationToken.None).ConfigureAwait(false);
        }
    }

    async Task PassAsync(SiloAddress owner, Queue<PassedOperations> queue)
    {
        while (Take(queue) is { Count: > 0 } batch)
        {
            try
            {
                var answers = await hubs.Of(owner).Apply(new([.. batch.Select(Write)])).ConfigureAwait(false);
                for (var i = 0; i < batch.Count; i++) Answer(batch[i], answers.Parts[i]);
            }
            catch (Exception fault)
            {
                // Whether they were applied is known by their numbers when they are passed again.
                LogNotPassed(owner, fault);
                foreach (var one in batch) engine.Channels.Fail(one.Source, one.Target);
            }
            lock (queue)
            {
                for (var i = 0; i < batch.Count; i++) queue.Dequeue();
                if (queue.Count == 0) return;
            }
        }
    }

    static List<PassedOperations> Take(Queue<PassedOperations> queue)
    {
        lock (queue)
        {
            var batch = new List<PassedOperations>();
            var bytes = 0L;
            foreach (var one in queue)
            {
                if (batch.Count > 0 && bytes >= MostBytes) break;
                batch.Add(one);
                foreach (var (_, operation) in one.Operations) bytes += operation.Weight;
            }
            return batch;
        }
    }

    void Answer(PassedOperations passed, byte[]? answers)
    {
        if (answers is null)
        {
            engine.Channels.Fail(passed.Source, passed.Target);
            return;
        }
        var reader = new ByteReader(answers);
        var read = new List<(long, OperationAnswer)>();
        while (!reader.IsAtEnd) read.Add((reader.Long(), OperationAnswer.Read(ref reader)));
        engine.Channels.Answer(passed.Source, passed.Target, read);
        if (read.Count < passed.Operations.Count) engine.Channels.Fail(passed.Source, passed.Target);
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

    /// <summary>Applies what another silo has passed.</summary>
    /// <returns>One for each; null where the target is not this silo's.</returns>
    public static async Task<byte[]?> ApplyAsync(MailboxEngine engine, byte[] passed)
    {
        var answered = new TaskCompletionSource<IReadOnlyList<(long, OperationAnswer)>?>(TaskCreationOptions.RunContinuationsAsynchronously);
        engine.Enqueue(new ApplyOperation(engine, Read(passed), answered.SetResult));
        if (await answered.Task.ConfigureAwait(false) is not { } answers) return null;
        var to = new ByteWriter();
        foreach (var (number, answer) in answers)
        {
            to.Varint(number);
            answer.Write(to);
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

    [LoggerMessage(3121, LogLevel.Debug, "Operations for partitions of silo {Silo} were not answered; they are passed again.")]
    partial void LogNotPassed(SiloAddress silo, Exception fault);
}
