namespace Mailbox.Hosting;

/// <summary>A host that cannot go on as it is asks to be built and started anew, in the same process. Thread-safe.</summary>
public sealed class StartAgain
{
    readonly TaskCompletionSource _asked = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed once it is asked for.</summary>
    public Task Asked => _asked.Task;

    public void Ask() => _asked.TrySetResult();
}
