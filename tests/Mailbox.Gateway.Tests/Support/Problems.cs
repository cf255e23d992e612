using System.Text.Json;

namespace Mailbox.Gateway.Tests;

static class Problems
{
    /// <summary>Checks that an answer is a problem (RFC 9457).</summary>
    /// <returns>Its detail.</returns>
    public static async Task<string> OfAsync(HttpResponseMessage answer, int status, string name)
    {
        Assert.Equal(status, (int)answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType!.ToString());
        using var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync());
        Assert.Equal("urn:mailbox:problem:" + name, json.RootElement.GetProperty("type").GetString());
        Assert.Equal(status, json.RootElement.GetProperty("status").GetInt32());
        Assert.NotEqual("", json.RootElement.GetProperty("title").GetString());
        return json.RootElement.GetProperty("detail").GetString()!;
    }
}
