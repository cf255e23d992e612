namespace Mailbox.Gateway;

/// <summary>The form in which a reader asks for its messages.</summary>
enum Accepted : byte
{
    None,
    Json,
    EventStream,
    JsonLines,
    MultipartMixed,
    MultipartReplace,
    WebSocket,
}
