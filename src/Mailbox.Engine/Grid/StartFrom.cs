namespace Mailbox;

/// <summary>Where a reader without a position begins (spec M8).</summary>
public enum StartFrom : byte
{
    /// <summary>At what was never written to any connection.</summary>
    Unread,

    /// <summary>At the oldest message kept.</summary>
    Oldest,

    /// <summary>After the newest.</summary>
    Now,
}
