namespace Mailbox.Gateway;

/// <summary>The transports as metrics name them.</summary>
enum TransportKind : byte
{
    Poll,
    Sse,
    Ndjson,
    Multipart,
    Websocket,
    Exchange,
}
