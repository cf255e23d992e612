using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway.Tests;

/// <summary>An ordinary web application, and a gateway in front of it.</summary>
sealed class Application : IAsyncDisposable
{
    readonly WebApplication _app;

    Application(WebApplication app, GatewayHost gateway) => (_app, Gateway) = (app, gateway);

    public GatewayHost Gateway { get; }

    public HttpClient Http => Gateway.Http;

    public static async Task<Application> StartAsync(
        RequestDelegate answer, GatewayOptions? options = null, BackendOptions? backend = null, bool isHttp2 = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.WebHost.ConfigureKestrel(static server => server.Limits.MaxRequestBodySize = null);
        var app = builder.Build();
        app.UseWebSockets();
        app.Run(answer);
        await app.StartAsync();
        backend ??= new();
        backend.Url = app.Urls.Single();
        return new(app, await GatewayHost.StartAsync(options, isHttp2: isHttp2, backend: backend));
    }

    /// <summary>The token that a client with a cookie has.</summary>
    public async Task<string> TokenAsync(string cookie)
    {
        using var answer = await Gateway.SendAsync(HttpMethod.Get, "/", headers: [("Cookie", cookie)]);
        return await answer.Content.ReadAsStringAsync();
    }

    /// <summary>The text of the one letter in a mailbox.</summary>
    public async Task<string> LetterAsync(string mailbox)
    {
        using var json = System.Text.Json.JsonDocument.Parse(await Http.GetStringAsync($"/mailboxes/{mailbox}?wait=0&from=oldest"));
        return Assert.Single(json.RootElement.GetProperty("messages").EnumerateArray()).GetProperty("data").GetString()!;
    }

    public async ValueTask DisposeAsync()
    {
        await Gateway.DisposeAsync();
        using var now = new CancellationTokenSource();
        await now.CancelAsync();
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }
}
