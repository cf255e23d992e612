using System.Runtime.CompilerServices;

namespace Mailbox.Grains;

/// <summary>
/// Reads one mailbox page by page. The first call only learns where the reader begins: if its answer is lost nothing else is, and from
/// then on every page is asked for by position.
/// </summary>
sealed class MailboxReading(GridCalls calls, MailboxName mailbox, ReadingOptions options)
{
    // Bodies are at most 64 MiB each; a page always admits one.
    const int MostBytes = 1 << 20;

    readonly IMailboxGrain _grain = calls.GrainOf(mailbox);

    public async IAsyncEnumerable<Received> RunAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancel, calls.Stopping);
        var (at, hasHandled) = (options.After ?? await StartAsync(either.Token).ConfigureAwait(false), false);
        while (true)
        {
            var answer = await AskAsync(PageAfter(at, hasHandled && options.AcknowledgesByReading), either.Token).ConfigureAwait(false);
            foreach (var item in answer.Items) yield return item.ToReceived();
            if (IsFinal(answer.Ending)) throw new MailboxReadingEndedException(mailbox, answer.Ending!.Value);
            hasHandled |= answer.Items.Length > 0;
            at = answer.Position;
        }
    }

    async Task<Position> StartAsync(CancellationToken cancel)
    {
        var request = new ReadRequest(new() { From = options.From }, TimeSpan.Zero) { PositionOnly = true };
        return (await AskAsync(request, cancel).ConfigureAwait(false)).Position;
    }

    ReadRequest PageAfter(Position at, bool acknowledges) => new(
        new() { After = at, Resumes = !acknowledges, WindowMessages = options.PageMessages, WindowBytes = MostBytes }, ReadRequest.MaxWait);

    /// <summary>As long as it takes: a reader outlives what it reads from.</summary>
    async Task<ReadAnswer> AskAsync(ReadRequest request, CancellationToken cancel)
    {
        var backoff = new Backoff(calls.Time);
        while (true)
        {
            if (await TryAskAsync(request, cancel).ConfigureAwait(false) is { } answer) return answer;
            await backoff.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <returns>Null where nobody answers: the silo is gone, or its answer is late.</returns>
    async Task<ReadAnswer?> TryAskAsync(ReadRequest request, CancellationToken cancel)
    {
        if (!await calls.Gate.PassAsync(Timeout.InfiniteTimeSpan, cancel).ConfigureAwait(false)) return null;
        try
        {
            var answer = await _grain.Read(request, cancel).WaitAsync(cancel).ConfigureAwait(false);
            return answer.Outcome == OpenOutcome.Opened ? answer : null;
        }
        catch (Exception) when (!cancel.IsCancellationRequested)
        {
            return null;
        }
    }

    static bool IsFinal(Ending? ending) => ending is Ending.Deleted or Ending.TakenOver or Ending.Replaced;
}

/// <summary>How a backend reads a mailbox. Each property checks its value when it is set.</summary>
public sealed record ReadingOptions
{
    const int MostMessages = 1000;

    internal static ReadingOptions Default { get; } = new();

    /// <summary>The last that the reader has; it goes on behind. Acknowledges nothing by itself. Null: see <see cref="From"/>.</summary>
    public Position? After { get; init; }

    /// <summary>Where a reader without a position begins. The oldest kept is what nobody has acknowledged: a backend that died goes on there.</summary>
    public StartFrom From { get; init; } = StartFrom.Oldest;

    /// <summary>
    /// True: what was handed out is acknowledged when the loop has come back for the next page. False: nothing is but by
    /// <see cref="MailboxClient.AcknowledgeAsync"/>.
    /// </summary>
    public bool AcknowledgesByReading { get; init; } = true;

    /// <summary>The most messages that are fetched at once, and come again after a crash of the reader; 1 to 1,000.</summary>
    public int PageMessages
    {
        get;
        init => field = value is >= 1 and <= MostMessages ? value
            : throw new ArgumentOutOfRangeException(nameof(PageMessages), value, "A page has 1 to 1,000 messages.");
    } = 100;
}
