namespace Mailbox;

/// <summary>What a mailbox at its bounds does with one more message (spec M11).</summary>
public enum OverflowPolicy : byte
{
    DropOldest,
    Reject,
    DropNewest,
}
