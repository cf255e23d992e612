using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>Station 2: how a message gets into a mailbox: bounds, topics, numbers (spec M3, M5, M11, M12). Called under <c>lock (mailbox)</c>.</summary>
static class Admission
{
    const int ReservedBlock = 1024;

    /// <returns><see cref="Outcome.Stored"/>: the message has the number <see cref="MailboxMarks.Tail"/>. Else nothing changed.</returns>
    public static Outcome Append(Batch batch, LiveMailbox mailbox, Message message, Durability durability)
    {
        batch.Touch(mailbox);
        var outcome = MakeRoom(batch, mailbox, message);
        if (outcome != Outcome.Stored) return outcome;
        if (NeedsNumbers(mailbox.State.Marks, durability)) ReserveNumbers(batch, mailbox, durability);
        mailbox.Append(message, message.Body.Length, durability == Durability.Memory, batch.Now);
        return Outcome.Stored;
    }

    static Outcome MakeRoom(Batch batch, LiveMailbox mailbox, Message message)
    {
        var size = message.Body.Length;
        if (mailbox.Fits(size) && message.Topic is null) return Outcome.Stored;
        foreach (var ended in mailbox.Expired(batch.NowTick) ?? []) batch.RemoveMessage(mailbox, ended, GapReason.Ttl);
        var superseded = Superseded(mailbox, message.Topic);
        // What has ended already takes no room: it pushes nothing out.
        var takesRoom = mailbox.HasTakerFor(message);
        var refusal = takesRoom || size > mailbox.State.Options.MaxBytes ? Refusal(mailbox, size, superseded) : Outcome.Stored;
        if (refusal != Outcome.Stored) return refusal;
        if (superseded > 0) batch.RemoveMessage(mailbox, superseded, null);
        while (takesRoom && !mailbox.Fits(size)) PushOut(batch, mailbox);
        return Outcome.Stored;
    }

    static Outcome Refusal(LiveMailbox mailbox, int size, long superseded) => mailbox.State.Options switch
    {
        { Overflow: OverflowPolicy.DropOldest } options => size > options.MaxBytes ? Outcome.TooLarge : Outcome.Stored,
        _ when mailbox.FitsUnread(size, superseded) => Outcome.Stored,
        { Overflow: OverflowPolicy.Reject } => Outcome.MailboxFull,
        _ => Outcome.Dropped,
    };

    /// <summary>The older message of the same topic that was not sent yet, or 0 (RFC 8030 section 5.4).</summary>
    static long Superseded(LiveMailbox mailbox, string? topic)
    {
        if (topic is null || mailbox.State.Topics is not { } topics || !topics.TryGetValue(topic, out var older)) return 0;
        var entry = mailbox.State.Entries[mailbox.State.IndexOf(older)];
        return entry.IsSent || entry.IsWritten ? 0 : older;
    }

    static void PushOut(Batch batch, LiveMailbox mailbox)
    {
        ref readonly var victim = ref mailbox.Victim();
        if (!mailbox.IsRead(victim)) batch.Tell(mailbox, MailboxEventKind.Overflowed);
        batch.RemoveMessage(mailbox, victim.Sequence, GapReason.Overflow);
    }

    static bool NeedsNumbers(in MailboxMarks marks, Durability durability) => durability switch
    {
        Durability.Memory => marks.Tail >= marks.Reserved,
        Durability.Process => marks.Tail >= Math.Max(marks.Reserved, marks.Unsynced),
        _ => false,
    };

    /// <summary>
    /// Numbers that the store may not see, or may lose, are reserved in it first, so that a crash cannot give one out twice (spec M5).
    /// </summary>
    static void ReserveNumbers(Batch batch, LiveMailbox mailbox, Durability durability)
    {
        var through = mailbox.State.Marks.Tail + ReservedBlock;
        mailbox.State.Reserve(through, durability);
        batch.Add(new NumbersReserved(mailbox.Handle, through, durability), Durability.Disk);
    }
}
