using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Calls the stored webhooks, and looks every few seconds for changes. In a cluster the gateway that holds a webhook's mailbox calls it.
/// </summary>
sealed class Webhooks(
    IMailboxGrid grid, WebhookStore store, MailboxConsumer consumer, Outbound outbound, WebhookMetrics metrics, TimeProvider time, ILogger<Webhooks> log) : BackgroundService
{
    static readonly TimeSpan s_look = TimeSpan.FromSeconds(5);
    // Well before the message and the mailbox expire.
    static readonly TimeSpan s_renewAfter = TimeSpan.FromDays(10);

    readonly Dictionary<string, WebhookCalls> _running = new(StringComparer.Ordinal);
    readonly SemaphoreSlim _wake = new(0);
    Position? _version;
    DateTimeOffset _renewAt;
    bool _isFailing;

    /// <summary>Looks for changes at once.</summary>
    public void Wake() => _wake.Release();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                await TryLookAsync(stoppingToken).ConfigureAwait(false);
                await WaitAsync(stoppingToken).ConfigureAwait(false);
            }
        }
        finally
        {
            foreach (var calls in _running.Values) await calls.DisposeAsync().ConfigureAwait(false);
        }
    }

    public override void Dispose()
    {
        _wake.Dispose();
        base.Dispose();
    }

    async Task WaitAsync(CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        await Task.WhenAny(_wake.WaitAsync(either.Token), Task.Delay(s_look, time, either.Token)).ConfigureAwait(false);
        await either.CancelAsync().ConfigureAwait(false);
        cancel.ThrowIfCancellationRequested();
    }

    async Task TryLookAsync(CancellationToken cancel)
    {
        try
        {
            await LookAsync(cancel).ConfigureAwait(false);
            foreach (var name in _running.Keys)
                metrics.Of(name).Waiting = (await grid.GetAsync(Webhook.MailboxOf(name), cancel).ConfigureAwait(false))?.Messages ?? 0;
            _isFailing = false;
        }
        catch (Exception fault) when (!cancel.IsCancellationRequested)
        {
            // The grid cannot be reached now; running calls go on.
            if (!_isFailing) log.LookingFailed(fault);
            _isFailing = true;
        }
    }

    async Task LookAsync(CancellationToken cancel)
    {
        var version = await store.VersionAsync(cancel).ConfigureAwait(false);
        if (version is null && _version is null) return;
        if (version == _version && time.GetUtcNow() < _renewAt) return;
        var wanted = await store.ListAsync(cancel).ConfigureAwait(false);
        // A renewed webhook has another version: the next look restarts its calls. The same happens where another gateway renewed it first.
        foreach (var webhook in wanted.Values.Where(webhook => time.GetUtcNow() - webhook.At > s_renewAfter)) await store.RenewAsync(webhook, cancel).ConfigureAwait(false);
        foreach (var (name, calls) in _running.ToList())
        {
            if (wanted.TryGetValue(name, out var webhook) && webhook.Version == calls.Webhook.Version) continue;
            _running.Remove(name);
            await calls.DisposeAsync().ConfigureAwait(false);
            if (webhook is null or { Ended: not null }) metrics.Forget(name);
        }
        foreach (var webhook in wanted.Values)
        {
            if (webhook.Ended is not null || _running.ContainsKey(webhook.Name)) continue;
            var caller = new WebhookCaller(webhook, outbound, store, metrics.Of(webhook.Name), time, log);
            var consumed = new ConsumedMailbox(webhook.Mailbox, [.. webhook.Groups], stop => JoinAsync(webhook, stop));
            _running[webhook.Name] = new(webhook, stop => consumer.RunAsync(consumed, caller.TellAsync, stop));
        }
        (_version, _renewAt) = (version, wanted.Count > 0 ? wanted.Values.Min(static webhook => webhook.At) + s_renewAfter : DateTimeOffset.MaxValue);
    }

    /// <summary>Answers false where another gateway removed or changed the webhook meanwhile.</summary>
    async ValueTask<bool> JoinAsync(Webhook webhook, CancellationToken cancel) =>
        (await store.ListAsync(cancel).ConfigureAwait(false)).GetValueOrDefault(webhook.Name)?.Version == webhook.Version
        && await store.SubscribeAsync(webhook, cancel).ConfigureAwait(false) == Outcome.Stored;
}

/// <summary>The running calls to one version of a webhook.</summary>
sealed class WebhookCalls : IAsyncDisposable
{
    readonly CancellationTokenSource _stop = new();
    readonly Task _running;

    public WebhookCalls(Webhook webhook, Func<CancellationToken, Task> run)
    {
        Webhook = webhook;
        _running = Task.Run(() => run(_stop.Token));
    }

    public Webhook Webhook { get; }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _stop.Dispose();
    }
}

static partial class WebhooksLog
{
    [LoggerMessage(2202, LogLevel.Warning, "The webhooks cannot be read now; it is tried again.")]
    public static partial void LookingFailed(this ILogger log, Exception fault);
}
