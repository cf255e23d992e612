namespace Mailbox.Engine;

/// <summary>
/// What a batch did to mailboxes is recorded for the subscribers in the same commit, so that no crash comes between (spec M16).
/// </summary>
static class EventRecording
{
    public const int MostInALetter = 1000;

    /// <summary>Records what the batch has done since the last call.</summary>
    public static void Plan(Batch batch, MailboxEngine engine)
    {
        while (batch.RecordedEvents < batch.Events.Count)
        {
            var first = batch.RecordedEvents;
            batch.RecordedEvents = batch.Events.Count;
            var told = batch.Events.Skip(first).Where(static happened => MailboxEvents.IsTold(happened));
            foreach (var events in told.GroupBy(happened => PartitionTable.NumberOf(happened.Mailbox.ToString(), engine.Partitions.Count)))
                if (engine.Partitions[events.Key] is { } partition) Plan(batch, engine, partition, events);
        }
    }

    /// <summary>The letters of a partition go through its channel to the home of the subscribers' group, so those of one mailbox stay in order.</summary>
    static void Plan(Batch batch, MailboxEngine engine, Partition partition, IEnumerable<MailboxEvent> events)
    {
        var home = PartitionTable.NumberOf(MailboxEvents.Group.ToString(), engine.Partitions.Count);
        var isHome = home == partition.Number;
        if (engine.Partitions.Count == 1 ? partition.Tables.Groups.Find(MailboxEvents.Group) is null : !partition.State.Channels.HasSubscribers) return;
        foreach (var letter in events.Chunk(MostInALetter))
        {
            var message = Messages.Accept(MailboxEvents.Write(letter), MailboxEvents.Group, batch.Now, engine.Options);
            if (isHome) GroupHomes.Send(batch, engine, partition, message, [], null, engine.Options.Durability, null, 0, null);
            else batch.Start(partition, new Storage.ForwardPartition(MailboxEvents.Group, message), default, [home]);
        }
    }
}
