namespace Mailbox.Proof.Reading;

/// <summary>Cancels when nothing was heard for too long.</summary>
sealed class Silence(TimeSpan longest, TimeProvider time) : IDisposable
{
    readonly CancellationTokenSource _source = new(longest, time);

    public CancellationToken Token => _source.Token;

    public void Hear() => _source.CancelAfter(longest);

    public void Dispose() => _source.Dispose();
}
