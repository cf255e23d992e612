namespace Mailbox.Gateway;

/// <summary>The calls to one webhook, as long as its settings are these.</summary>
sealed class WebhookCalls : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly Task _running;

    WebhookCalls(Webhook webhook, Func<CancellationToken, Task> run)
    {
        Webhook = webhook;
        _running = Task.Run(() => run(_stop.Token));
    }

    public Webhook Webhook { get; }

    public static WebhookCalls Start(Webhook webhook, Func<CancellationToken, Task> run) => new(webhook, run);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}
