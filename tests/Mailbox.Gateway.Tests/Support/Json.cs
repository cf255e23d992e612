using System.Text.Json;

namespace Mailbox.Gateway.Tests;

static class Json
{
    public static async Task<string> TextAsync(HttpResponseMessage answer, string member)
    {
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        return json.RootElement.GetProperty(member).ToString();
    }
}
