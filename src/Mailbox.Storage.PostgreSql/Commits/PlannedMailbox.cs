namespace Mailbox.Storage.PostgreSql;

/// <summary>One mailbox in one batch.</summary>
sealed class PlannedMailbox(MailboxHandle handle, MailboxSlot slot)
{
    public MailboxHandle Handle => handle;

    public MailboxSlot Slot => slot;

    public string Name { get; } = handle.Name.ToString();

    /// <summary>The batch makes it.</summary>
    public MailboxMade? Made { get; init; }

    /// <summary>The batch removes it: nothing else of it needs to be stored.</summary>
    public bool IsGone { get; set; }

    /// <summary>Found in the database under the handle's fence, or made.</summary>
    public bool IsOurs { get; set; }

    public bool IsReleased { get; set; }

    public MailboxOptions? Options { get; set; }

    public MailboxMarks Marks { get; set; }

    /// <summary>Everything up to it goes; 0 for nothing.</summary>
    public long Trim { get; set; }

    public bool IsStored => IsOurs && !IsGone;

    public bool HasNewMarks => IsReleased || slot.Lost is not null || Marks != slot.Marks;

    /// <summary>As it is before the records of the batch are applied.</summary>
    public void Begin()
    {
        Marks = slot.Marks;
        Trim = slot.Trimmed;
        IsOurs = IsReleased = false;
        Options = null;
    }

    public void Finish()
    {
        slot.Planned = null;
        if (!IsOurs) return;
        slot.Marks = Marks;
        slot.Lost = null;
        slot.Trimmed = 0;
    }
}
