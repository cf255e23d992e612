using Mailbox.Storage;

namespace Mailbox.CrashChild;

/// <summary>A mailbox as its owner knows it.</summary>
sealed class ScriptedMailbox(MailboxHandle handle, long tail)
{
    public MailboxHandle Handle => handle;

    public long Tail { get; set; } = tail;
}
