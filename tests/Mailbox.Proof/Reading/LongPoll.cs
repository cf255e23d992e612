using System.Text.Json;

namespace Mailbox.Proof.Reading;

/// <summary>One request after the other, each parked until there is something.</summary>
sealed class LongPoll : ITransport
{
    public string Accept => "application/json";

    public string Query => "&wait=4";

    public void Place(HttpRequestMessage request, string position) => request.RequestUri = new($"{request.RequestUri}&after={position}", UriKind.Relative);

    public async Task ReadAsync(Reader reader, HttpResponseMessage response, Silence silence, CancellationToken cancel) =>
        Take(reader, JsonElement.Parse(await response.Content.ReadAsStringAsync(cancel)));

    public static void Take(Reader reader, JsonElement answer)
    {
        if (answer.TryGetProperty("gap", out var gap)) reader.TakeGap(gap);
        foreach (var message in answer.GetProperty("messages").EnumerateArray())
            reader.Take(message.GetProperty("position").GetString()!, message.GetProperty("data").GetString()!);
        reader.TakePosition(answer.GetProperty("position").GetString()!);
        if (answer.TryGetProperty("closed", out var closed)) reader.TakeClosed(closed);
    }
}
