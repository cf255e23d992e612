using System.Runtime.CompilerServices;
using Mailbox.Engine;
using Orleans.Streams;

namespace Mailbox.Grains;

/// <summary>
/// Mailboxes and groups for a .NET backend: a client of the cluster, or code in one of its silos. One for each process; safe from any
/// thread. Calls are repeated inside until <see cref="MailboxGridOptions.Deadline"/> and do once what they say. To cancel is to stop
/// waiting: what was asked may happen all the same.
/// </summary>
public sealed class MailboxGridClient : IDisposable
{
    const int MostNames = 10_000;

    readonly GridCalls _calls;
    readonly CancellationTokenSource _stopping = new();

    internal MailboxGridClient(IGrainFactory grains, TimeProvider time, MailboxGridOptions options, ISiloGate gate)
    {
        _calls = new(grains, time, options, gate, _stopping.Token);
    }

    /// <exception cref="ArgumentException">The text is not a mailbox name (spec M1), or reserved (S3).</exception>
    public MailboxClient Mailbox(string name) => Mailbox(MailboxName.Parse(name));

    /// <exception cref="ArgumentException">The name is reserved (spec S3).</exception>
    public MailboxClient Mailbox(MailboxName name) => new(_calls, Reserved.Refuse(name));

    /// <exception cref="ArgumentException">The text is not a group name (spec G1), or reserved (S3).</exception>
    public GroupClient Group(string name) => Group(GroupName.Parse(name));

    /// <exception cref="ArgumentException">The name is reserved (spec S3).</exception>
    public GroupClient Group(GroupName name) => new(_calls, Reserved.Refuse(name));

    internal MailboxClient OwnMailbox(MailboxName name) => new(_calls, name);

    internal GroupClient OwnGroup(GroupName name) => new(_calls, name);

    /// <summary>
    /// What happens to mailboxes (spec M16), as a stream that is told to subscribers by this name: at least once, in order for each mailbox,
    /// and stored while the subscriber is away, as long as a mailbox lives (spec M15). It is <c>GetStream("events", subscriber)</c> of the
    /// stream provider <c>mailbox</c>. Each subscriber has a name of its own.
    /// </summary>
    /// <exception cref="ArgumentException">The name is no part of a mailbox name.</exception>
    public IAsyncStream<MailboxEvent> Events(string subscriber) => StreamOf(Tellings.Events, subscriber);

    /// <summary>
    /// What clients say to the backend (spec section 6), as a stream: each once for its number or key, told at least once, in order for
    /// each mailbox, and stored while the subscriber is away, for up to 30 days. Where it is full clients are refused. It is
    /// <c>GetStream("uplinks", subscriber)</c> of the stream provider <c>mailbox</c>. Each subscriber has a name of its own.
    /// </summary>
    /// <exception cref="ArgumentException">The name is no part of a mailbox name, or the gateways' own (<c>backend</c>).</exception>
    public IAsyncStream<UplinkLetter> Uplinks(string subscriber) => StreamOf(Tellings.Uplinks, subscriber);

    LetterStream<T> StreamOf<T>(Telling<T> telling, string subscriber) => new(new(this, telling, subscriber, _calls.Time, _calls.Stopping));

    /// <summary>
    /// Many deliveries, each by itself, in as few calls as possible; those to one mailbox in the order of the list, as long as none has to
    /// be repeated. Several calls may be under way at once.
    /// </summary>
    /// <returns>One outcome for each: what is refused or could not be answered is no exception here.</returns>
    /// <exception cref="ArgumentException">A name is reserved (spec S3): nothing was sent.</exception>
    public ValueTask<DeliverResult[]> DeliverManyAsync(IReadOnlyList<Letter> letters, CancellationToken cancel = default) =>
        _calls.Deliveries.DeliverListAsync(letters, cancel);

    /// <summary>One message for several mailboxes and groups, at most once into each mailbox; <c>Except</c> beats all.</summary>
    /// <returns>One outcome for each target: what is refused is no exception here.</returns>
    /// <exception cref="ArgumentException">A name is reserved (spec S3): nothing was sent.</exception>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async ValueTask<PostResult> PostAsync(PostRequest post, CancellationToken cancel = default)
    {
        foreach (var name in post.To.Concat(post.Except)) Reserved.Refuse(name);
        foreach (var name in post.Groups) Reserved.Refuse(name);
        var keyed = post with { Draft = _calls.WithKey(post.Draft) };
        return await _calls.AskAsync(() => _calls.Grid.Post(keyed), static _ => false, cancel).ConfigureAwait(false);
    }

    /// <summary>The names of all mailboxes, in ordinal order, fetched in pages.</summary>
    /// <exception cref="MailboxUnavailableException">Nobody could answer in time.</exception>
    public async IAsyncEnumerable<MailboxName> MailboxesAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        string? after = null;
        while (true)
        {
            var page = await _calls.AskAsync(() => _calls.Grid.List(after, MostNames), static page => page is null, cancel).ConfigureAwait(false)
                ?? throw new MailboxUnavailableException(Outcome.StoreFailed);
            foreach (var name in page)
                if (!name.IsReserved) yield return name;
            if (page.Length < MostNames) yield break;
            after = page[^1].ToString();
        }
    }

    void IDisposable.Dispose()
    {
        _stopping.Cancel();
        _stopping.Dispose();
    }
}

/// <summary>Names that begin with <c>mailbox.</c> are the grid's own: a backend reaches none of them by name (spec S3).</summary>
static class Reserved
{
    public static MailboxName Refuse(MailboxName name) => name.IsReserved ? throw Fault(name.ToString(), nameof(name)) : name;

    public static GroupName Refuse(GroupName name) => name.IsReserved ? throw Fault(name.ToString(), nameof(name)) : name;

    static ArgumentException Fault(string name, string parameter) => new($"The name '{name}' is reserved: Events and Uplinks tell what the grid says.", parameter);
}

/// <summary>How a backend calls the grid. Each property checks its value when it is set.</summary>
public sealed class MailboxGridOptions
{
    /// <summary>How long a call is repeated while nobody can answer it: 1 s to 5 min. A silo that is gone is replaced within about 8 s.</summary>
    public TimeSpan Deadline
    {
        get;
        set => field = value >= TimeSpan.FromSeconds(1) && value <= TimeSpan.FromMinutes(5) ? value
            : throw new ArgumentOutOfRangeException(nameof(Deadline), value, "A deadline is 1 second to 5 minutes.");
    } = TimeSpan.FromSeconds(15);

    /// <summary>
    /// How long the start of a client looks for a silo before it fails with <see cref="MailboxUnavailableException"/>: 1 s or more. By
    /// default it looks until it finds one; the log tells once that it does.
    /// </summary>
    public TimeSpan ConnectWithin
    {
        get;
        set => field = value >= TimeSpan.FromSeconds(1) || value == Timeout.InfiniteTimeSpan ? value
            : throw new ArgumentOutOfRangeException(nameof(ConnectWithin), value, "A silo is looked for for 1 second or longer.");
    } = Timeout.InfiniteTimeSpan;

    /// <summary>
    /// True: a draft without an idempotency key is given one of 16 bytes, so that it can be repeated when its answer was lost. The grid
    /// remembers it for <see cref="Deadline"/> and ten seconds, in about 100 bytes, and lets such keys take half of
    /// <see cref="Engine.EngineOptions.MaxKeys"/>; what is delivered beyond goes without. False: what may have been stored is not repeated.
    /// </summary>
    public bool MakesKeys { get; set; } = true;
}
