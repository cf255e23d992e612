using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway.Tests;

/// <summary>A backend that is called, on a port of its own: it remembers what it heard and answers what a test says.</summary>
sealed class Listener : IAsyncDisposable
{
    readonly WebApplication _app;

    Listener(WebApplication app) => (_app, Url) = (app, app.Urls.Single() + "/hook");

    public string Url { get; }

    public ConcurrentQueue<Heard> Heard { get; } = new();

    /// <summary>Answers a call that was heard; 200 without a body at first.</summary>
    public Func<HttpContext, Heard, Task> Answer { get; set; } = static (_, _) => Task.CompletedTask;

    /// <param name="url">Of one that listened before.</param>
    public static async Task<Listener> StartAsync(string? url = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url is null ? "http://127.0.0.1:0" : new Uri(url).GetLeftPart(UriPartial.Authority));
        var app = builder.Build();
        Listener? listener = null;
        app.Run(http => listener!.HearAsync(http));
        await app.StartAsync();
        return listener = new(app);
    }

    async Task HearAsync(HttpContext http)
    {
        using var reader = new StreamReader(http.Request.Body);
        var heard = new Heard(
            http.Request.Method, http.Request.Headers.ToDictionary(static one => one.Key, static one => one.Value.ToString(), StringComparer.OrdinalIgnoreCase),
            await reader.ReadToEndAsync());
        Heard.Enqueue(heard);
        await Answer(http, heard);
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
