using Mailbox.Proof.Load;

namespace Mailbox.Proof.Reading;

/// <summary>All live readers of a run, of every transport in turn.</summary>
sealed class Audience
{
    static readonly ITransport[] s_transports = [new EventStream(), new LineStream(), new LongPoll()];

    readonly Population _population;

    public Audience(Population population, Uri address, RunClock clock, Findings findings)
    {
        _population = population;
        string[] read = [.. population.Plain, .. population.TwoReaders, .. population.TwoReaders, .. population.Removed];
        Readers = [.. read.Select((mailbox, i) => new Reader(NewLog(mailbox, i), s_transports[i % s_transports.Length], address, clock, findings))];
    }

    public IReadOnlyList<Reader> Readers { get; }

    public IReadOnlyList<Log> Logs => [.. Readers.Select(reader => reader.Log)];

    /// <summary>Those whose service is measured: their mailboxes are never removed.</summary>
    public IEnumerable<Log> Lasting => Logs.Where(log => !_population.Removed.Contains(log.Mailbox));

    public Task RunAsync(CancellationToken end) => Task.WhenAll(Readers.Select(reader => reader.RunAsync(end)));

    public bool HaveSeenSince(TimeSpan time) => Lasting.All(log => log.LastSeen > time);

    static Log NewLog(string mailbox, int i) => new($"{mailbox} ({s_transports[i % s_transports.Length].GetType().Name} {i})", mailbox);
}
