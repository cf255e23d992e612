using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Checking;

/// <summary>Sends to one group have one order, the same in every member's mailbox.</summary>
sealed class GroupOrderCheck : ICheck
{
    public IEnumerable<string> Breaches(Evidence evidence)
    {
        var groups = evidence.History.Sends.ToDictionary(send => send.Id, send => send.Group);
        return evidence.Population.Groups.Where(group => !HaveOneOrder(Orders(evidence, groups, group)))
            .Select(group => $"{group}: its sends are in different orders in different mailboxes");
    }

    static string[][] Orders(Evidence evidence, Dictionary<string, string> groups, string group) =>
        [.. evidence.LogsOf.SelectMany(logs => logs.SelectMany(log => log.Sightings).DistinctBy(one => one.Position)
            .Select(one => (one.Position, Id: Letter.IdOf(one.Body)))
            .Where(one => one.Id is not null && groups.GetValueOrDefault(one.Id) == group)
            .GroupBy(one => one.Position.Epoch)
            .Select(epoch => epoch.OrderBy(one => one.Position.Sequence).Select(one => one.Id!).ToArray()))];

    /// <summary>They have if the next can always be taken that is the first wherever it is left.</summary>
    static bool HaveOneOrder(string[][] orders)
    {
        var before = orders.SelectMany(order => order).Distinct().ToDictionary(id => id, _ => 0);
        var after = before.Keys.ToDictionary(id => id, _ => new List<string>());
        foreach (var (first, second) in orders.SelectMany(order => order.Zip(order.Skip(1))))
        {
            before[second]++;
            after[first].Add(second);
        }
        var ready = new Queue<string>(before.Where(one => one.Value == 0).Select(one => one.Key));
        var taken = 0;
        for (; ready.TryDequeue(out var id); taken++)
            foreach (var next in after[id])
                if (--before[next] == 0) ready.Enqueue(next);
        return taken == before.Count;
    }
}
