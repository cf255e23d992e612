using Mailbox.Engine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Forwards to the backend what clients told it by exchange or WebSocket: it was stored when they were answered, and is acknowledged when the
/// backend has answered. Mailboxes beside each other, each in order. One gateway of a cluster at a time.
/// </summary>
sealed class UplinkForwarder(
    IMailboxGrid grid, UplinkBackend backend, UplinkAnswers answers, LetterTaker taker, TimeProvider time, ILogger<UplinkForwarder> log) : BackgroundService
{
    const int MostLetters = 100_000;
    const int MostBytes = 64 << 20;
    const int MostMailboxes = 16;
    static readonly TimeSpan s_first = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan s_longest = TimeSpan.FromSeconds(30);
    // Full: clients are told, and none of what they were promised goes.
    static readonly MailboxOptionsChange s_bounds =
        new() { Idle = MessageDraft.MaxIdle, MaxMessages = MostLetters, MaxBytes = MostBytes, Overflow = OverflowPolicy.Reject };

    int _isWaiting;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => backend.IsThere
        ? taker.RunAsync(new(MailboxUplinks.Gateways, [MailboxUplinks.Group], JoinAsync), ForwardAsync, stoppingToken)
        : Task.CompletedTask;

    async ValueTask<bool> JoinAsync(CancellationToken cancel) =>
        await grid.SetOptionsAsync(MailboxUplinks.Gateways, s_bounds, cancel).ConfigureAwait(false) == Outcome.Stored
        && (await grid.ChangeMembersAsync(MailboxUplinks.Group, [MailboxUplinks.Gateways], [], cancel).ConfigureAwait(false)).Outcome == Outcome.Stored;

    Task ForwardAsync(IReadOnlyList<Received> page, CancellationToken cancel) => Parallel.ForEachAsync(
        page.Select(LetterOf).OfType<UplinkLetter>().GroupBy(static letter => letter.Mailbox),
        new ParallelOptions { MaxDegreeOfParallelism = MostMailboxes, CancellationToken = cancel },
        async (letters, stop) =>
        {
            foreach (var letter in letters) await ForwardAsync(letter, stop).ConfigureAwait(false);
        });

    /// <summary>Until it is answered: what is after it waits.</summary>
    async Task ForwardAsync(UplinkLetter letter, CancellationToken cancel)
    {
        var attempts = new Attempts(time, s_first, s_longest);
        while (!await TryForwardAsync(letter, cancel).ConfigureAwait(false))
        {
            if (Interlocked.Exchange(ref _isWaiting, 1) == 0) log.UplinksWait();
            await attempts.WaitAsync(cancel).ConfigureAwait(false);
        }
        if (Interlocked.Exchange(ref _isWaiting, 0) != 0) log.UplinksGoOn();
    }

    async Task<bool> TryForwardAsync(UplinkLetter letter, CancellationToken cancel)
    {
        var answer = await backend.AskAsync(letter, cancel).ConfigureAwait(false);
        if (answer is null) return false;
        await using var asked = answer.ConfigureAwait(false);
        if (!UplinkAnswers.IsFinal(answer)) return false;
        await answers.SpreadAsync(answer, cancel).ConfigureAwait(false);
        return true;
    }

    static UplinkLetter? LetterOf(Received received)
    {
        try
        {
            return received.Message is { } message ? UplinkLetter.Read(message) : null;
        }
        catch (Exception fault) when (fault is System.Text.Json.JsonException or ArgumentException or KeyNotFoundException or InvalidOperationException)
        {
            // A backend put something else there.
            return null;
        }
    }
}
