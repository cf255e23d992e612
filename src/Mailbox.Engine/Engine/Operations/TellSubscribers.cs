using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// What a batch did to mailboxes is told in the same commit: whoever is told was told the truth, and no crash comes between (spec M16).
/// Where one engine owns all it delivers the letter itself; where many do, the store keeps it for the sender to the subscribers' group.
/// </summary>
static class TellSubscribers
{
    public const int MostInALetter = 1000;

    /// <summary>Tells what the batch has done since the last call.</summary>
    public static void Plan(Batch batch, MailboxEngine engine)
    {
        var first = batch.ToldEvents;
        batch.ToldEvents = batch.Events.Count;
        if (batch.Events.Count == first || (engine.Options.OwnsAll && engine.Table.Group(MailboxEvents.Group) is null)) return;
        var told = batch.Events.Skip(first).Where(static happened => MailboxEvents.IsTold(happened)).ToArray();
        foreach (var letter in told.Chunk(MostInALetter))
            if (engine.Options.OwnsAll) new PostOperation(engine, new(MailboxEvents.Write(letter), [], [MailboxEvents.Group], [])).Plan(batch);
            else batch.Add(new EventsTold(letter), Durability.Process);
    }
}
