using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Mailbox.Gateway.Tests;

/// <summary>
/// One client that goes from transport to transport. It keeps the position of the last message that it has dealt with; what was on its way
/// when a connection was cut, or in an answer that was lost, it has not.
/// </summary>
sealed class Wanderer(GatewayHost host, Random random)
{
    const int MostInALeg = 8;

    readonly List<int> _said = [];
    string? _position;
    int _wanted;

    public List<int> Got { get; } = [];

    public List<string> Gaps { get; } = [];

    /// <summary>How many things it has said.</summary>
    public int Said => _said.Count;

    /// <summary>What was not confirmed to it.</summary>
    public int Confirmed { get; private set; }

    /// <param name="most">How many messages there will be.</param>
    public async Task GoAsync(int most)
    {
        while (Got.Count < most)
        {
            _wanted = Math.Min(most, Got.Count + 1 + random.Next(MostInALeg));
            if (random.Next(2) == 0) _said.Add(_said.Count + 1);
            await (random.Next(4) switch { 0 => SocketAsync(), 1 => EventsAsync(), 2 => PollAsync(), _ => ExchangeAsync() });
        }
    }

    /// <summary>Says again what was not confirmed, until all was.</summary>
    public async Task FinishAsync()
    {
        while (Confirmed < Said) await ExchangeAsync(wait: 0);
    }

    string Path => "/mailboxes/a?client=c" + (_position is null ? "&from=oldest" : "&after=" + _position);

    async Task SocketAsync()
    {
        using var socket = await SocketClient.OpenAsync(host, Path);
        foreach (var n in Unconfirmed()) await socket.SayAsync($$$"""{"uplink":{"n":{{{n}}},"data":{{{n}}}}}""");
        while (Got.Count < _wanted && await socket.NextAsync() is { } text) Take(text);
        if (random.Next(2) == 0) socket.Socket.Abort();
        else await socket.CloseAsync();
    }

    async Task EventsAsync()
    {
        using var wire = await host.OpenAsync(Path, "text/event-stream");
        while (Got.Count < _wanted)
        {
            var block = (await wire.UntilAsync("\n\n")).Split('\n');
            if (block.Any(line => line == "event: mailbox.gap")) Gaps.Add(string.Join(' ', block));
            else if (block.FirstOrDefault(line => line.StartsWith("data: ", StringComparison.Ordinal)) is { } data)
                Take(block.First(line => line.StartsWith("id: ", StringComparison.Ordinal))[4..], data[6..]);
        }
    }

    async Task PollAsync()
    {
        var answer = await host.Http.GetStringAsync(Path + "&limit=5");
        if (!IsLost()) Take(answer);
    }

    Task ExchangeAsync() => ExchangeAsync(25);

    async Task ExchangeAsync(int wait)
    {
        var body = JsonSerializer.Serialize(new { client = "c", after = _position, wait, uplink = Unconfirmed().Select(n => new { n, data = n }) });
        using var answer = await host.SendAsync(HttpMethod.Post, "/mailboxes/a/exchange", Encoding.UTF8.GetBytes(body));
        var text = await answer.Content.ReadAsStringAsync();
        if (!IsLost()) Take(text);
    }

    IEnumerable<int> Unconfirmed() => _said.Where(n => n > Confirmed);

    bool IsLost() => random.Next(3) == 0;

    /// <summary>A frame, or the answer to a poll.</summary>
    void Take(string text)
    {
        using var json = JsonDocument.Parse(text);
        var root = json.RootElement;
        if (root.TryGetProperty("uplink", out var uplink)) Confirmed = Math.Max(Confirmed, uplink.GetInt32());
        if (root.TryGetProperty("gap", out var gap)) Gaps.Add(gap.GetRawText());
        if (root.TryGetProperty("data", out var data)) Take(root.GetProperty("position").GetString()!, data.GetString()!);
        if (!root.TryGetProperty("messages", out var messages)) return;
        foreach (var message in messages.EnumerateArray()) Take(message.GetProperty("position").GetString()!, message.GetProperty("data").GetString()!);
    }

    void Take(string position, string text)
    {
        _position = position;
        Got.Add(int.Parse(text, CultureInfo.InvariantCulture));
    }
}
