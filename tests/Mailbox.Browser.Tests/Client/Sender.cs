using System.Net.Http.Json;
using System.Text.Json;

namespace Mailbox.Browser.Tests.Client;

/// <summary>A backend that delivers 1, 2, 3 and so on, and takes what clients say.</summary>
sealed class Sender(HttpClient http, string mailbox)
{
    const string Taker = "mailbox.uplinks:test";
    int _last;

    /// <summary>Nothing that a test delivers may be pushed out.</summary>
    public async Task PrepareAsync()
    {
        (await http.PutAsJsonAsync($"/mailboxes/{mailbox}", new { maxMessages = 5000 })).EnsureSuccessStatusCode();
        (await http.PutAsync($"/groups/mailbox.uplinks/members/{Taker}", null)).EnsureSuccessStatusCode();
    }

    public async Task DeliverAsync(int count)
    {
        var letters = Enumerable.Range(_last + 1, count).Select(number => new { to = new[] { mailbox }, message = new { data = number } });
        _last += count;
        (await http.PostAsJsonAsync("/deliver", letters)).EnsureSuccessStatusCode();
    }

    /// <summary>The bodies of what the clients said, in order.</summary>
    public async Task<List<string>> SaidAsync()
    {
        var said = new List<string>();
        for (var after = "from=oldest"; ;)
        {
            var answer = await http.GetFromJsonAsync<JsonElement>($"/mailboxes/{Taker}?wait=0&{after}");
            var messages = answer.GetProperty("messages");
            if (messages.GetArrayLength() == 0) return said;
            // A line that says whose it is, then what was said.
            said.AddRange(messages.EnumerateArray().Select(message => message.GetProperty("data").GetString()!.Split('\n', 2)[1]));
            after = $"after={answer.GetProperty("position").GetString()}";
        }
    }
}
