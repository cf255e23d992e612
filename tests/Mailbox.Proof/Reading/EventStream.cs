using System.Text.Json;

namespace Mailbox.Proof.Reading;

/// <summary>Server-sent events, as an <c>EventSource</c> reads them.</summary>
sealed class EventStream : ITransport
{
    public string Accept => "text/event-stream";

    public string Query => "";

    public void Place(HttpRequestMessage request, string position) => request.Headers.Add("Last-Event-ID", position);

    public async Task ReadAsync(Reader reader, HttpResponseMessage response, Silence silence, CancellationToken cancel)
    {
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(cancel));
        string? id = null, type = null, data = null;
        while (await lines.ReadLineAsync(cancel) is { } line)
        {
            silence.Hear();
            if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
            else if (line.StartsWith("event: ", StringComparison.Ordinal)) type = line[7..];
            else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = data is null ? line[6..] : data + '\n' + line[6..];
            else if (line.Length == 0)
            {
                Dispatch(reader, id, type, data);
                id = type = data = null;
            }
        }
    }

    static void Dispatch(Reader reader, string? id, string? type, string? data)
    {
        if (type == "mailbox.gap") reader.TakeGap(Parse(data!));
        else if (type == "mailbox.closed") reader.TakeClosed(Parse(data!));
        else if (data is not null) reader.Take(id!, data);
        else if (id is not null) reader.TakePosition(id);
    }

    static JsonElement Parse(string data) => JsonElement.Parse(data);
}
