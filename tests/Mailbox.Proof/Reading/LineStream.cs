using System.Text.Json;

namespace Mailbox.Proof.Reading;

/// <summary>One JSON object a line.</summary>
sealed class LineStream : ITransport
{
    public string Accept => "application/x-ndjson";

    public string Query => "";

    public void Place(HttpRequestMessage request, string position) => request.RequestUri = new($"{request.RequestUri}&after={position}", UriKind.Relative);

    public async Task ReadAsync(Reader reader, HttpResponseMessage response, Silence silence, CancellationToken cancel)
    {
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        // The last line of a broken connection may be half a line: it has no end, and is read only at the end of the stream.
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            silence.Hear();
            if (line.Length > 0) Dispatch(reader, JsonElement.Parse(line));
        }
    }

    static void Dispatch(Reader reader, JsonElement line)
    {
        if (line.TryGetProperty("gap", out var gap)) reader.TakeGap(gap);
        else if (line.TryGetProperty("closed", out var closed)) reader.TakeClosed(closed);
        else if (line.TryGetProperty("data", out var data)) reader.Take(line.GetProperty("position").GetString()!, data.GetString()!);
        else reader.TakePosition(line.GetProperty("position").GetString()!);
    }
}
