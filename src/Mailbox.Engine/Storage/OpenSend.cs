namespace Mailbox.Storage;

/// <summary>A group send that was begun and not finished.</summary>
public sealed record OpenSend(long Id, Message Message);
