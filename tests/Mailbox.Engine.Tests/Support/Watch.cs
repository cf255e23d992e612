namespace Mailbox.Engine.Tests;

/// <summary>Records the events of an engine.</summary>
sealed class Watch
{
    readonly IAsyncEnumerator<MailboxEvent> _events;
    Task<bool> _next;

    public Watch(MailboxEngine engine)
    {
        _events = engine.WatchAsync(CancellationToken.None).GetAsyncEnumerator();
        _next = _events.MoveNextAsync().AsTask();
    }

    /// <summary>What has happened since the last call, as <c>a:Opened b:Expired</c>.</summary>
    public async Task<string> HappenedAsync(MailboxEngine engine)
    {
        var happened = new List<string>();
        var end = MailboxName.Parse("end-of-the-watch");
        engine.Events.Publish(new(end, MailboxEventKind.Deleted, default));
        while (await _next)
        {
            var one = _events.Current;
            _next = _events.MoveNextAsync().AsTask();
            if (one.Mailbox == end) break;
            happened.Add($"{one.Mailbox}:{one.Kind}");
        }
        return string.Join(' ', happened);
    }
}
