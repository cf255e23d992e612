using Mailbox.Proof.Checking;
using Mailbox.Proof.Faults;
using Mailbox.Proof.Reading;

namespace Mailbox.Proof;

/// <summary>What a run did and saw.</summary>
sealed record Report(int Seed, TimeSpan Duration, Evidence Evidence, Audience Audience, IReadOnlyList<Strike> Strikes, IReadOnlyList<string> Findings)
{
    public int Deliveries => Evidence.History.Deliveries.Count(one => one.Answered is not null);

    /// <summary>Answered to a client of the cluster.</summary>
    public int ByGridClient => Evidence.History.Deliveries.Count(one => one is { Answered: not null, IsByGridClient: true });

    public int Sends => Evidence.History.Sends.Count(one => one.Answered is not null);

    public int Changes => Evidence.History.Memberships.Count;

    public int Removals => Evidence.History.Removals.Count;

    /// <summary>Attempts of which nothing, or a refusal, was heard.</summary>
    public int Repeats => Evidence.History.All.Sum(one => Math.Max(0, one.Attempts - 1));

    public int Read => Evidence.Logs.Sum(log => log.Sightings.Count);

    /// <summary>Messages that a reader got more than once, at the position it knew.</summary>
    public int Twice => Evidence.Readers.Sum(log => log.Sightings.Count - log.Sightings.DistinctBy(one => one.Position).Count());

    public int Opens => Audience.Readers.Sum(reader => reader.Opens);

    public TimeSpan SlowestAnswer(Strike strike) => Evidence.History.Deliveries
        .Where(one => one.Begun >= strike.Begun && one.Begun <= strike.Ended && one.Answered is not null)
        .Select(one => one.Answered!.Value - one.Begun).DefaultIfEmpty().Max();
}
