namespace Mailbox.Gateway;

/// <summary>
/// A message's encoded forms, one for each transport that has needed one, shared by all receivers. Two threads may make the same form
/// at once; the forms are equal and the last stays.
/// </summary>
sealed class EncodedForms
{
    byte[]? _json;
    byte[]? _sse;
    byte[]? _part;

    public static EncodedForms Of(Message message)
    {
        if (message.Encoded is EncodedForms forms) return forms;
        forms = new();
        message.Encoded = forms;
        return forms;
    }

    /// <summary>The JSON message after its position.</summary>
    public byte[] Json(Message message) => _json ??= MessageJson.Encode(message);

    /// <summary>The event after its id; empty for a body that is not UTF-8.</summary>
    public byte[] Sse(Message message) => _sse ??= SseForm.Encode(message);

    /// <summary>The headers of the part after its <c>Content-ID</c>.</summary>
    public byte[] PartHeaders(Message message) => _part ??= PartForm.Encode(message);
}
