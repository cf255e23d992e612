using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Lets mailboxes join and leave, each pair only when its last change is settled, so that what is a member is known.</summary>
sealed class Memberships(Population population, IReadOnlyList<IBackend> backends, History history, RunClock clock)
{
    readonly Dictionary<(string Group, string Mailbox), Membership> _last = [];

    /// <summary>Every mailbox joins about half of the groups.</summary>
    public async Task BeginAsync(Random random, CancellationToken cancel)
    {
        foreach (var group in population.Groups)
        {
            var joining = population.All.Where(_ => random.Next(2) == 0).Select(mailbox => New(group, mailbox, joins: true)).ToArray();
            await random.Of(backends).ChangeAsync(group, joining, cancel);
        }
    }

    public async Task ChangeAsync(Random random, CancellationToken giveUp)
    {
        var group = random.Of(population.Groups);
        Membership[] changes;
        lock (_last)
        {
            changes = [.. random.GetItems(population.All.ToArray(), 2).Distinct()
                .Where(mailbox => IsSettled(group, mailbox))
                .Select(mailbox => New(group, mailbox, !Joined(group, mailbox)))];
        }
        if (changes.Length > 0) await random.Of(backends).ChangeAsync(group, changes, giveUp);
    }

    bool IsSettled(string group, string mailbox) => !_last.TryGetValue((group, mailbox), out var last) || last.Settled < clock.Now;

    bool Joined(string group, string mailbox) => _last.TryGetValue((group, mailbox), out var last) && last.Joins;

    Membership New(string group, string mailbox, bool joins)
    {
        var change = new Membership(group, mailbox, joins) { Begun = clock.Now };
        lock (_last) _last[(group, mailbox)] = change;
        history.Memberships.Enqueue(change);
        return change;
    }
}
