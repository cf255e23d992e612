using Microsoft.Extensions.Logging;

namespace Mailbox.Grains;

/// <param name="Silo">Null where it is unknown.</param>
/// <param name="Claim">Of the log: the newest that was told.</param>
readonly record struct PartitionOwner(SiloAddress? Silo, long Claim);

/// <summary>
/// Which silo owns which partition, as the silos themselves say: a gateway asks them every two seconds, and whenever a request was refused. Safe from any thread.
/// </summary>
sealed partial class PartitionOwners(MailboxSilos silos, MailboxHubs hubs, TimeProvider time, ILogger<PartitionOwners> log)
{
    // One that hangs delays nobody for longer; what it answers later is taken all the same.
    static readonly TimeSpan s_patience = TimeSpan.FromMilliseconds(250);

    readonly Lock _gate = new();
    PartitionOwner[] _owners = [];
    Task? _asking;

    /// <summary>Partitions of the log; 0 before a silo has answered.</summary>
    public int Count => Volatile.Read(ref _owners).Length;

    public PartitionOwner this[int partition]
    {
        get
        {
            lock (_gate) return partition < _owners.Length ? _owners[partition] : default;
        }
    }

    /// <summary>Whether some silo took deliveries when they were asked last.</summary>
    public bool IsReady { get; private set; }

    public SiloAddress?[] ToArray()
    {
        lock (_gate) return Array.ConvertAll(_owners, static owner => owner.Silo);
    }

    /// <summary>Asks all silos. Whoever comes meanwhile waits for the same answers.</summary>
    public Task AskAsync()
    {
        lock (_gate) return _asking is { IsCompleted: false } ? _asking : _asking = Task.Run(AskOnceAsync);
    }

    async Task AskOnceAsync()
    {
        Task<bool>[] asked = [.. silos.Active.Select(AskAsync)];
        await Task.WhenAny(Task.WhenAll(asked), Task.Delay(s_patience, time)).ConfigureAwait(false);
        var isReady = false;
        foreach (var one in asked)
            if (one.IsCompleted) isReady |= await one.ConfigureAwait(false);
        // A silo that is only late is as it was.
        IsReady = isReady || (IsReady && asked.Any(static one => !one.IsCompleted));
    }

    async Task<bool> AskAsync(SiloAddress silo)
    {
        try
        {
            var owned = await hubs.Of(silo).Owned().ConfigureAwait(false);
            Take(silo, owned);
            return owned.IsReady;
        }
        catch (Exception fault)
        {
            LogNoAnswer(silo, fault);
            return false;
        }
    }

    void Take(SiloAddress silo, OwnedPartitions owned)
    {
        lock (_gate)
        {
            if (_owners.Length != owned.Count) Volatile.Write(ref _owners, new PartitionOwner[owned.Count]);
            for (var i = 0; i < _owners.Length; i++)
                if (silo.Equals(_owners[i].Silo) && !owned.Numbers.Contains(i)) _owners[i] = _owners[i] with { Silo = null };
            for (var i = 0; i < owned.Numbers.Length; i++)
            {
                ref var known = ref _owners[owned.Numbers[i]];
                if (known.Silo is null ? owned.Claims[i] >= known.Claim : owned.Claims[i] > known.Claim) known = new(silo, owned.Claims[i]);
            }
        }
    }

    /// <summary>The silo is gone, or does not answer.</summary>
    public void Forget(SiloAddress silo)
    {
        lock (_gate)
            for (var i = 0; i < _owners.Length; i++)
                if (silo.Equals(_owners[i].Silo)) _owners[i] = _owners[i] with { Silo = null };
    }

    [LoggerMessage(3111, LogLevel.Debug, "Silo {Silo} does not say which partitions it owns.")]
    partial void LogNoAnswer(SiloAddress silo, Exception fault);
}
