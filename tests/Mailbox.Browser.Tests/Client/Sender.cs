using System.Net.Http.Json;
using System.Text.Json;

namespace Mailbox.Browser.Tests.Client;

/// <summary>A backend that delivers 1, 2, 3 and so on, and takes what clients say.</summary>
sealed class Sender(HttpClient http, string mailbox)
{
    const string Taker = "said";
    int _last;

    /// <summary>Nothing that a test delivers may be pushed out.</summary>
    public async Task PrepareAsync()
    {
        (await http.PutAsJsonAsync($"/mailboxes/{mailbox}", new { maxMessages = 5000 })).EnsureSuccessStatusCode();
        // The gateway calls itself: what it tells becomes a letter.
        var url = new Uri(http.BaseAddress!, $"/mailboxes/{Taker}");
        (await http.PutAsJsonAsync($"/mailboxes/{Taker}", new { maxMessages = 5000 })).EnsureSuccessStatusCode();
        (await http.PutAsJsonAsync("/webhooks/test", new { url, events = new[] { "uplink" }, secret = "test" })).EnsureSuccessStatusCode();
    }

    public async Task DeliverAsync(int count)
    {
        var letters = Enumerable.Range(_last + 1, count).Select(number => new { to = new[] { mailbox }, message = new { data = number } });
        _last += count;
        (await http.PostAsJsonAsync("/deliver", letters)).EnsureSuccessStatusCode();
    }

    /// <summary>The bodies of what the clients said, in order, each once: a webhook tells at least once.</summary>
    public async Task<List<string>> SaidAsync()
    {
        var said = new List<(string Id, string Text)>();
        for (var after = "from=oldest"; ;)
        {
            var answer = await http.GetFromJsonAsync<JsonElement>($"/mailboxes/{Taker}?wait=0&{after}");
            var messages = answer.GetProperty("messages");
            if (messages.GetArrayLength() == 0) return [.. said.DistinctBy(static one => one.Id).Select(static one => one.Text)];
            said.AddRange(messages.EnumerateArray().Select(static message => message.GetProperty("data").GetProperty("data"))
                .Select(static call => (call.GetProperty("uplink").GetString()!, call.GetProperty("data").GetString()!)));
            after = $"after={answer.GetProperty("position").GetString()}";
        }
    }
}
