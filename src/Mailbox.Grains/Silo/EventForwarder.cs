using System.Runtime.CompilerServices;
using Mailbox.Engine;

namespace Mailbox.Grains;

/// <summary>
/// Where silos own parts of the grid, tells subscribers what this one's engine did (spec M16): in order, again until it is stored. What
/// was not told yet when the process dies is not told.
/// </summary>
sealed class EventForwarder(MailboxEngine engine, IMailboxGrid grid, TimeProvider time) : ILifecycleParticipant<ISiloLifecycle>, IDisposable
{
    const int MostInALetter = 1000;

    readonly CancellationTokenSource _stopping = new();
    Task _running = Task.CompletedTask;

    public void Participate(ISiloLifecycle lifecycle) =>
        lifecycle.Subscribe(nameof(EventForwarder), ServiceLifecycleStage.Active, _ => StartAsync(), _ => StopAsync());

    Task StartAsync()
    {
        _running = Task.Run(ForwardAsync);
        return Task.CompletedTask;
    }

    async Task StopAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    async Task ForwardAsync()
    {
        await foreach (var letter in LettersAsync(_stopping.Token).ConfigureAwait(false)) await SendAsync(letter).ConfigureAwait(false);
    }

    /// <summary>What happened while the last was sent is in one.</summary>
    async IAsyncEnumerable<List<MailboxEvent>> LettersAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        await using var events = engine.WatchAsync(cancel).GetAsyncEnumerator(cancel);
        var next = events.MoveNextAsync().AsTask();
        while (await next.ConfigureAwait(false))
        {
            var letter = new List<MailboxEvent>();
            do
            {
                if (MailboxEvents.IsTold(events.Current)) letter.Add(events.Current);
                next = events.MoveNextAsync().AsTask();
            }
            while (letter.Count < MostInALetter && next.IsCompletedSuccessfully && await next.ConfigureAwait(false));
            if (letter.Count > 0) yield return letter;
        }
    }

    async Task SendAsync(List<MailboxEvent> events)
    {
        var draft = MailboxEvents.Write(events) with { IdempotencyKey = Guid.NewGuid().ToString("N") };
        var backoff = new Backoff(time);
        while ((await grid.SendAsync(MailboxEvents.Group, draft, null, _stopping.Token).ConfigureAwait(false)).Outcome != Outcome.Stored)
            await backoff.WaitAsync(_stopping.Token).ConfigureAwait(false);
    }

    public void Dispose() => _stopping.Dispose();
}
