// A backend: it writes prices to the group `ticker` and neither knows nor cares who reads them.
//   dotnet run --project samples/Ticker [http://127.0.0.1:8080]
using System.Net.Http.Json;

var address = new Uri(args.Length > 0 ? args[0] : "http://127.0.0.1:8080");
using var http = new HttpClient { BaseAddress = address };
using var second = new PeriodicTimer(TimeSpan.FromSeconds(1), TimeProvider.System);
var prices = new Dictionary<string, double> { ["POST"] = 104.2, ["ORLN"] = 212.5, ["SILO"] = 48.1, ["GATE"] = 77.9 };

Console.WriteLine($"Writing prices to {new Uri(address, "/groups/ticker")} every second. Ctrl+C ends it.");
do
{
    foreach (var symbol in prices.Keys)
    {
        prices[symbol] *= 1 + (Random.Shared.NextDouble() - 0.5) * 0.012;
        await WriteAsync(symbol, Math.Round(prices[symbol], 2));
    }
}
while (await second.WaitForNextTickAsync());

async Task WriteAsync(string symbol, double price)
{
    using var letter = new HttpRequestMessage(HttpMethod.Post, "/groups/ticker") { Content = JsonContent.Create(new { symbol, price }) };
    letter.Headers.Add("Message-Type", "price");
    // A newer price supersedes the one of the same symbol that still waits: who comes back finds one price, not a day of them.
    letter.Headers.Add("Topic", symbol);
    try
    {
        using var answer = await http.SendAsync(letter);
        if (!answer.IsSuccessStatusCode) Console.WriteLine($"{symbol}: {(int)answer.StatusCode}");
    }
    catch (HttpRequestException e)
    {
        Console.WriteLine($"{symbol}: {e.Message}");
    }
}
