using System.Net.Http.Json;
using Mailbox.Gateway;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Grains.Tests;

/// <summary>A gateway over HTTP on the grid of a silo.</summary>
sealed class Door : IAsyncDisposable
{
    readonly WebApplication _app;

    Door(WebApplication app)
    {
        _app = app;
        Http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = new(app.Urls.Single()) };
    }

    public HttpClient Http { get; }

    /// <param name="silo">Whose grid it is.</param>
    /// <param name="backend">Where uplinks are posted; empty for nobody.</param>
    public static async Task<Door> OpenAsync(IServiceProvider silo, string backend = "")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton(silo.GetRequiredService<IMailboxGrid>());
        builder.Services.AddGateway(new() { Uplink = backend });
        var app = builder.Build();
        app.MapGateway();
        await app.StartAsync();
        return new(app);
    }

    public Task<HttpResponseMessage> AskWebhookAsync(string name, string url, params string[] events) =>
        Http.PutAsJsonAsync($"/webhooks/{name}", new { url, events, secret = "s" });

    public Task<HttpResponseMessage> SayAsync(string mailbox, string text, string key)
    {
        var said = new StringContent(text);
        said.Headers.Add("Idempotency-Key", key);
        return Http.PostAsync($"/mailboxes/{mailbox}/uplink", said);
    }

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
