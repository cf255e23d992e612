using Mailbox.Storage;

namespace Mailbox.Engine;

/// <summary>
/// Idle expiry (spec M15): only a reader moves a mailbox's deadline. The stored deadline runs ahead of the true one, so that it is
/// rewritten once in a while and is never before it. Called under <c>lock (mailbox)</c>.
/// </summary>
static class Lifetime
{
    const double Slack = 0.1;
    static readonly TimeSpan s_mostSlack = TimeSpan.FromSeconds(5);

    public static long StoredDeadline(long deadline, TimeSpan idle)
    {
        var slack = idle * Slack;
        return deadline + (long)(slack < s_mostSlack ? slack : s_mostSlack).TotalMilliseconds;
    }

    /// <summary>A reader was here.</summary>
    public static void ReaderSeen(Batch batch, LiveMailbox mailbox)
    {
        mailbox.Deadline = batch.NowMilliseconds + (long)mailbox.State.Options.Idle.TotalMilliseconds;
        Store(batch, mailbox);
    }

    /// <summary>A reader or a delivery asks for another idle time, counted from now.</summary>
    public static void SetIdle(Batch batch, LiveMailbox mailbox, TimeSpan idle)
    {
        if (mailbox.State.Options.Idle != idle) SetOptions(batch, mailbox, mailbox.State.Options with { Idle = idle });
        ReaderSeen(batch, mailbox);
    }

    /// <summary>New options; another idle time counts from when a reader was last seen.</summary>
    public static void SetOptions(Batch batch, LiveMailbox mailbox, MailboxOptions options)
    {
        mailbox.Deadline += (long)(options.Idle - mailbox.State.Options.Idle).TotalMilliseconds;
        batch.Do(mailbox.Partition, new OptionsSetRecord(mailbox.Slot, options), Durability.Disk);
        Store(batch, mailbox);
    }

    /// <summary>The live part is about to go: the deadline must not run ahead any longer.</summary>
    public static void StoreExactly(Batch batch, LiveMailbox mailbox)
    {
        var marks = mailbox.State.Marks;
        if (marks.Deadline == mailbox.Deadline && !marks.Held) return;
        batch.Do(mailbox.Partition, new DeadlineMovedRecord(mailbox.Slot, mailbox.Deadline, false), Durability.Process);
    }

    /// <summary>Everybody who holds the mailbox is taken as gone now.</summary>
    public static void LeftBy(Batch batch, LiveMailbox mailbox) =>
        mailbox.Deadline = batch.NowMilliseconds + (long)mailbox.State.Options.Idle.TotalMilliseconds;

    /// <summary>When the mailbox will go if everybody leaves now, in Unix milliseconds.</summary>
    public static long Expires(Batch batch, LiveMailbox mailbox) =>
        mailbox.IsHeld ? batch.NowMilliseconds + (long)mailbox.State.Options.Idle.TotalMilliseconds : mailbox.Deadline;

    static void Store(Batch batch, LiveMailbox mailbox)
    {
        var marks = mailbox.State.Marks;
        var ahead = StoredDeadline(mailbox.Deadline, mailbox.State.Options.Idle);
        if (marks.Held == mailbox.IsHeld && marks.Deadline >= mailbox.Deadline && marks.Deadline <= ahead) return;
        batch.Do(mailbox.Partition, new DeadlineMovedRecord(mailbox.Slot, ahead, mailbox.IsHeld), Durability.Process);
    }
}
