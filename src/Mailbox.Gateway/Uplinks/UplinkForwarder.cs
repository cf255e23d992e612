using Mailbox.Engine;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway;

/// <summary>
/// Forwards to the backend the messages that clients sent by exchange or WebSocket. A message is stored when its client is answered, and
/// acknowledged when the backend has answered. Mailboxes go in parallel, each in order. In a cluster one gateway at a time does this.
/// </summary>
sealed class UplinkForwarder(
    IMailboxGrid grid, UplinkBackend backend, MailboxConsumer consumer, TimeProvider time, ILogger<UplinkForwarder> log) : BackgroundService
{
    const int MostLetters = 100_000;
    const int MostBytes = 64 << 20;
    const int MostMailboxes = 16;
    static readonly TimeSpan s_firstDelay = TimeSpan.FromMilliseconds(500);
    static readonly TimeSpan s_longestDelay = TimeSpan.FromSeconds(30);
    // When full, new messages are refused; accepted ones stay.
    static readonly MailboxOptionsChange s_bounds =
        new() { Idle = MessageDraft.MaxIdle, MaxMessages = MostLetters, MaxBytes = MostBytes, Overflow = OverflowPolicy.Reject };

    int _isWaiting;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => backend.IsThere
        ? consumer.RunAsync(new(MailboxUplinks.Gateways, [MailboxUplinks.Group], JoinAsync), ForwardAsync, stoppingToken)
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

    /// <summary>Returns when the backend has answered: the client's later messages wait.</summary>
    async Task ForwardAsync(UplinkLetter letter, CancellationToken cancel)
    {
        var delays = new RetryDelays(time, s_firstDelay, s_longestDelay);
        while (!await TryForwardAsync(letter, cancel).ConfigureAwait(false))
        {
            if (Interlocked.Exchange(ref _isWaiting, 1) == 0) log.UplinksWait();
            await delays.WaitAsync(cancel).ConfigureAwait(false);
        }
        if (Interlocked.Exchange(ref _isWaiting, 0) != 0) log.UplinksGoOn();
    }

    async Task<bool> TryForwardAsync(UplinkLetter letter, CancellationToken cancel)
    {
        var answer = await backend.AskAsync(letter, cancel).ConfigureAwait(false);
        if (answer is null) return false;
        await using var asked = answer.ConfigureAwait(false);
        if (!UplinkBackend.IsFinal(answer)) return false;
        await backend.SpreadAsync(answer, cancel).ConfigureAwait(false);
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
            // A backend delivered something else to this mailbox.
            return null;
        }
    }
}

static partial class UplinkForwarderLog
{
    [LoggerMessage(2205, LogLevel.Warning, "The backend does not take what clients say. It is asked again, and what they say waits.")]
    public static partial void UplinksWait(this ILogger log);

    [LoggerMessage(2206, LogLevel.Information, "The backend takes what clients say again.")]
    public static partial void UplinksGoOn(this ILogger log);
}
