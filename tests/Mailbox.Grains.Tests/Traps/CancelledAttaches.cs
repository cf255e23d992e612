namespace Mailbox.Grains.Tests;

/// <summary>A silo that cancels what a gateway sends it, as one does that is leaving, as often as it is told.</summary>
sealed class CancelledAttaches : IIncomingGrainCallFilter
{
    int _left;

    public bool AreDone => Volatile.Read(ref _left) <= 0;

    public void Cancel(int count) => Volatile.Write(ref _left, count);

    public Task Invoke(IIncomingGrainCallContext context) =>
        context.MethodName == nameof(IMailboxHub.Take) && Interlocked.Decrement(ref _left) >= 0
            ? throw new OperationCanceledException("The silo is stopping.")
            : context.Invoke();
}
