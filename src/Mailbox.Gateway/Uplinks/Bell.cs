namespace Mailbox.Gateway;

/// <summary>Wakes one task that reads a mailbox.</summary>
sealed class Bell : IReaderSignal, IDisposable
{
    readonly SemaphoreSlim _rung = new(0);

    public void Ready() => _rung.Release();

    public Task WaitAsync(CancellationToken cancel) => _rung.WaitAsync(cancel);

    public void Dispose() => _rung.Dispose();
}
