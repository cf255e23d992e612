namespace Mailbox.Grains;

/// <summary>Whether calls to grains have somebody to go to.</summary>
interface ISiloGate
{
    /// <summary>Cancelled when no call that is under way will be answered any more.</summary>
    CancellationToken Lost { get; }

    /// <param name="longest">How long the caller can wait.</param>
    /// <returns>False where the call is not to be made.</returns>
    ValueTask<bool> PassAsync(TimeSpan longest, CancellationToken cancel);
}

/// <summary>
/// What a gateway knows of the silos that have mailboxes. While it knows of none, calls are refused before they are made: the runtime would look for
/// a place for each of them, log it, and throw. Thread-safe.
/// </summary>
public sealed class GridState : ISiloGate, IDisposable
{
    readonly CancellationTokenSource _lost = new();
    volatile bool _hasSilo;
    volatile bool _isReady;

    public GridState() => Lost = _lost.Token;

    /// <summary>Whether a silo has mailboxes, as the cluster's members have told.</summary>
    internal bool HasSilo
    {
        get => _hasSilo && !Lost.IsCancellationRequested;
        set => _hasSilo = value;
    }

    /// <summary>Whether the grid takes deliveries.</summary>
    internal bool IsReady
    {
        get => _isReady && HasSilo;
        set => _isReady = value;
    }

    CancellationToken ISiloGate.Lost => Lost;

    internal CancellationToken Lost { get; }

    ValueTask<bool> ISiloGate.PassAsync(TimeSpan longest, CancellationToken cancel) => new(HasSilo);

    /// <summary>
    /// The one silo is gone, and its cluster with it: this process will not hear of another. Calls under way end, as of unknown outcome, and all later
    /// ones are refused.
    /// </summary>
    public void Lose()
    {
        if (!Lost.IsCancellationRequested) _lost.Cancel();
    }

    public void Dispose()
    {
        Lose();
        _lost.Dispose();
    }
}
