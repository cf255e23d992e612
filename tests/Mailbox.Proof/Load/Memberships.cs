using System.Text;
using System.Text.Json;
using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Load;

/// <summary>Lets mailboxes join and leave, each pair only when its last change is settled, so that what is a member is known.</summary>
sealed class Memberships(Population population, Backend backend, History history, RunClock clock)
{
    readonly Dictionary<(string Group, string Mailbox), Membership> _last = [];

    /// <summary>Every mailbox joins about half of the groups.</summary>
    public async Task BeginAsync(Random random, CancellationToken cancel)
    {
        foreach (var group in population.Groups)
        {
            var joining = population.All.Where(_ => random.Next(2) == 0).Select(mailbox => New(group, mailbox, joins: true)).ToArray();
            await ChangeAsync(group, joining, cancel);
        }
    }

    public async Task ChangeAsync(Random random, CancellationToken giveUp)
    {
        var group = population.Groups[random.Next(population.Groups.Count)];
        Membership[] changes;
        lock (_last)
        {
            changes = [.. random.GetItems(population.All.ToArray(), 2).Distinct()
                .Where(mailbox => IsSettled(group, mailbox))
                .Select(mailbox => New(group, mailbox, !Joined(group, mailbox)))];
        }
        await ChangeAsync(group, changes, giveUp);
    }

    /// <summary>Some by the route for one, some by the route for many.</summary>
    async Task ChangeAsync(string group, Membership[] changes, CancellationToken giveUp)
    {
        if (changes.Length == 0) return;
        var deed = changes[0];
        if (changes is [var one])
            await backend.AskAsync(deed, () => new(one.Joins ? HttpMethod.Put : HttpMethod.Delete, $"/groups/{group}/members/{one.Mailbox}"), giveUp);
        else
            await backend.AskAsync(deed, () => Post(group, changes), giveUp);
        foreach (var other in changes[1..])
            (other.Begun, other.Answered, other.GivenUp, other.Attempts, other.Refused) = (deed.Begun, deed.Answered, deed.GivenUp, deed.Attempts, deed.Refused);
    }

    static HttpRequestMessage Post(string group, Membership[] changes)
    {
        var body = new
        {
            add = changes.Where(one => one.Joins).Select(one => one.Mailbox),
            remove = changes.Where(one => !one.Joins).Select(one => one.Mailbox),
        };
        return new(HttpMethod.Post, $"/groups/{group}/members")
        {
            Content = new StringContent(JsonSerializer.Serialize(body), Encoding.UTF8, "application/json"),
        };
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
