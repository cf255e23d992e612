namespace Mailbox.Storage.PostgreSql;

/// <summary>Mailboxes that several callers want and that are taken together.</summary>
sealed class Gathering
{
    readonly TaskCompletionSource _taken = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public HashSet<MailboxName> Names { get; } = [];

    public Task Taken => _taken.Task;

    public void Succeed() => _taken.SetResult();

    public void Fail(Exception e) => _taken.SetException(e);
}
