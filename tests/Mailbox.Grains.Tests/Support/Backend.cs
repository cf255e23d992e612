using System.Collections.Concurrent;
using System.Text.Json;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains.Tests;

/// <summary>A backend that is called over HTTP, and takes everything.</summary>
sealed class Backend : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly ConcurrentQueue<(string Id, string Body)> _heard;

    Backend(WebApplication app, ConcurrentQueue<(string, string)> heard) => (_app, _heard) = (app, heard);

    public string Url => _app.Urls.Single();

    /// <summary>The uplinks that were posted to it, each once.</summary>
    public string Uplinks => string.Join(' ', _heard.DistinctBy(static one => one.Id).Select(static one => one.Body));

    public static async Task<Backend> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var heard = new ConcurrentQueue<(string, string)>();
        app.Run(async http =>
        {
            using var reader = new StreamReader(http.Request.Body);
            var id = http.Request.Headers.TryGetValue("webhook-id", out var webhook) ? webhook : http.Request.Headers["Uplink-Id"];
            heard.Enqueue((id.ToString(), await reader.ReadToEndAsync()));
        });
        await app.StartAsync();
        return new(app, heard);
    }

    /// <summary>What its webhook was told of a mailbox, each once.</summary>
    /// <param name="names">Of the events.</param>
    public string Told(string mailbox, params string[] names) => string.Join(' ', _heard
        .DistinctBy(static one => one.Id)
        .Select(static one => JsonDocument.Parse(one.Body).RootElement)
        .Where(one => one.GetProperty("data").GetProperty("mailbox").GetString() == mailbox)
        .Select(static one => one.GetProperty("type").GetString()).Where(names.Contains));

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
