namespace Mailbox.Storage.Journal;

/// <summary>A message on its way to the end of the journal.</summary>
/// <param name="Part">As it lies in the journal.</param>
sealed record MovedMessage(Location From, byte[] Part, List<MovedTarget> Targets)
{
    /// <summary>Forgets the mailboxes that do not have the message here any more; false if none has.</summary>
    public bool KeepLive()
    {
        Targets.RemoveAll(target => !IsLive(target));
        return Targets.Count > 0;
    }

    public void MoveTo(MailboxTables<Location> tables, Location to)
    {
        foreach (var target in Targets) tables.Relocate(target.Slot, target.Sequence, From, to);
    }

    bool IsLive(MovedTarget target)
    {
        var index = target.Slot.IsLive ? target.Slot.State.IndexOf(target.Sequence) : -1;
        return index >= 0 && target.Slot.State.Entries[index].Body == From;
    }
}
