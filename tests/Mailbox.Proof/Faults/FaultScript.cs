namespace Mailbox.Proof.Faults;

/// <summary>Which faults come, one after the other: every kind once in each round, in an order by seed.</summary>
static class FaultScript
{
    public static IEnumerable<IFault> Of(IReadOnlyList<IFault> kinds, int count, Random random)
    {
        var left = count;
        while (left > 0)
        {
            var round = kinds.ToArray();
            random.Shuffle(round);
            foreach (var fault in round.Take(left)) yield return fault;
            left -= round.Length;
        }
    }
}
