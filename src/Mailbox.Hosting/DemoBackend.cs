using System.Text.Json;
using Microsoft.Extensions.Hosting;

namespace Mailbox.Hosting;

/// <summary>In demo mode: writes prices to the group <c>ticker</c>, as <c>samples/Ticker</c> does over HTTP.</summary>
sealed class DemoBackend(IMailboxGrid grid, TimeProvider time) : BackgroundService
{
    static readonly GroupName s_ticker = GroupName.Parse("ticker");
    static readonly TimeSpan s_pace = TimeSpan.FromSeconds(1);
    readonly Dictionary<string, double> _prices = new() { ["POST"] = 104.2, ["ORLN"] = 212.5, ["SILO"] = 48.1, ["GATE"] = 77.9 };

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(s_pace, time);
        while (await timer.WaitForNextTickAsync(stoppingToken).ConfigureAwait(false))
            if (grid.IsReady) await WriteAsync(stoppingToken).ConfigureAwait(false);
    }

    async Task WriteAsync(CancellationToken cancel)
    {
        foreach (var symbol in _prices.Keys)
        {
            _prices[symbol] *= 1 + (Random.Shared.NextDouble() - 0.5) * 0.012;
            await grid.SendAsync(s_ticker, Price(symbol), cancel: cancel).ConfigureAwait(false);
        }
    }

    MessageDraft Price(string symbol) => new()
    {
        Body = JsonSerializer.SerializeToUtf8Bytes(new { symbol, price = Math.Round(_prices[symbol], 2) }),
        ContentType = "application/json",
        Type = "price",
        Topic = symbol,
    };
}
