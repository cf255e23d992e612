using System.Globalization;
using System.Text;

namespace Mailbox.Gateway;

/// <summary>The shared headers of a message as a part, up to the empty line. The body itself is not copied.</summary>
static class PartForm
{
    public static byte[] Encode(Message message)
    {
        var head = new StringBuilder();
        head.Append("Content-Type: ").Append(message.ContentType).Append("\r\n");
        if (message.Type is not null) head.Append("Message-Type: ").Append(message.Type).Append("\r\n");
        if (message.Group is { } group) head.Append("Group: ").Append(group).Append("\r\n");
        if (message.Topic is not null) head.Append("Topic: ").Append(message.Topic).Append("\r\n");
        head.Append(CultureInfo.InvariantCulture, $"Content-Length: {message.Body.Length}\r\n\r\n");
        return Encoding.ASCII.GetBytes(head.ToString());
    }
}
