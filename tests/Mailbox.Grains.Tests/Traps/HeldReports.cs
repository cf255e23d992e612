namespace Mailbox.Grains.Tests;

/// <summary>A silo that takes no report of a gateway until it is told to, as one that is busy.</summary>
sealed class HeldReports : IIncomingGrainCallFilter
{
    readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _held;

    public bool HasOne => Volatile.Read(ref _held) > 0;

    public void Release() => _released.TrySetResult();

    public async Task Invoke(IIncomingGrainCallContext context)
    {
        if (context.MethodName == nameof(IMailboxHub.Take) && context.Request.GetArgument(0) is SessionBatch { Reports.Length: > 0 })
        {
            Interlocked.Increment(ref _held);
            await _released.Task;
        }
        await context.Invoke();
    }
}
