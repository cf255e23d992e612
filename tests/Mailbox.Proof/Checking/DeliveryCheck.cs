using Mailbox.Proof.Deeds;

namespace Mailbox.Proof.Checking;

/// <summary>Every answered delivery is at the position that was answered, for every reader; and after what was answered before it began.</summary>
sealed class DeliveryCheck : ICheck
{
    public IEnumerable<string> Breaches(Evidence evidence) =>
        evidence.History.Deliveries.GroupBy(delivery => delivery.Mailbox).SelectMany(mailbox => Breaches(evidence, mailbox.Key, [.. mailbox]));

    static IEnumerable<string> Breaches(Evidence evidence, string mailbox, Delivery[] deliveries)
    {
        foreach (var delivery in deliveries.Where(one => !one.Refused && one.Answered is null)) yield return $"{mailbox}: {delivery.Id} was never answered";

        var kept = deliveries.Where(one => one.Position is not null && evidence.IsKept(mailbox, one.Begun)).ToArray();
        foreach (var breach in kept.SelectMany(delivery => Missing(evidence, mailbox, delivery))) yield return breach;
        foreach (var breach in OutOfTurn(mailbox, kept)) yield return breach;
    }

    static IEnumerable<string> Missing(Evidence evidence, string mailbox, Delivery delivery)
    {
        var sighting = (delivery.Position!, Letter.Body(delivery.Id));
        foreach (var reader in evidence.Missing(mailbox, sighting))
            yield return $"{reader}: {delivery.Id}, answered at {delivery.Answered!.Value.TotalSeconds:0.000} s as {delivery.Position}, is lost";
    }

    static IEnumerable<string> OutOfTurn(string mailbox, IEnumerable<Delivery> deliveries)
    {
        foreach (var epoch in deliveries.GroupBy(one => one.Position!.Epoch))
        {
            Delivery? latest = null;
            foreach (var delivery in epoch.OrderBy(one => one.Position!.Sequence))
            {
                if (delivery.Answered < latest?.Begun)
                    yield return $"{mailbox}: {delivery.Id} at {delivery.Position} was answered before {latest.Id} at {latest.Position} began";
                if (latest is null || delivery.Begun > latest.Begun) latest = delivery;
            }
        }
    }
}
