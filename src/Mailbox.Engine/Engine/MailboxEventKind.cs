namespace Mailbox.Engine;

public enum MailboxEventKind : byte
{
    /// <summary>Made.</summary>
    Opened,

    /// <summary>Somebody holds it.</summary>
    Connected,

    /// <summary>Nobody has held it for <see cref="EngineOptions.DisconnectedAfter"/>.</summary>
    Disconnected,

    /// <summary>Its bounds pushed out a message that nobody had read.</summary>
    Overflowed,

    /// <summary>Removed because no reader came.</summary>
    Expired,

    /// <summary>Removed by a backend.</summary>
    Deleted,
}
