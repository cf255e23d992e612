using System.Text.Json;

namespace Mailbox.Gateway;

/// <summary>Reads text.</summary>
static class JsonNames
{
    /// <returns>Null for what is no text: also a string whose escapes are half a surrogate pair.</returns>
    public static string? TextOf(JsonElement item)
    {
        try
        {
            return item.ValueKind == JsonValueKind.String ? item.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null;
        }
    }
}
