using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Gateway.Tests;

/// <summary>An application with mailboxes in it, on a port of its own.</summary>
sealed class GatewayHost : IAsyncDisposable
{
    public static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    readonly WebApplication _app;

    GatewayHost(WebApplication app)
    {
        _app = app;
        Address = new(app.Urls.Single());
        Http = new(new SocketsHttpHandler { UseProxy = false }) { BaseAddress = Address, Timeout = Patience };
    }

    public Uri Address { get; }

    public HttpClient Http { get; }

    public FakeTimeProvider Time => (FakeTimeProvider)_app.Services.GetRequiredService<TimeProvider>();

    public IMailboxGrid Grid => _app.Services.GetRequiredService<IMailboxGrid>();

    public HeldConnections Held => _app.Services.GetRequiredService<HeldConnections>();

    /// <param name="grid">Instead of an engine.</param>
    /// <param name="isEmbedded">The server is the application's.</param>
    /// <param name="services">Adds to those of the application.</param>
    public static async Task<GatewayHost> StartAsync(GatewayOptions? options = null, IMailboxGrid? grid = null, string url = "http://127.0.0.1:0", bool isHttp2 = false,
        BackendOptions? backend = null, bool isEmbedded = false, Action<IServiceCollection>? services = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls(url);
        builder.Services.AddSingleton<TimeProvider>(TestTime.Start());
        if (grid is not null) builder.Services.AddSingleton(grid);
        builder.Services.AddSingleton<ILog>(new MemoryLog { Keeps = Durability.Disk });
        builder.Services.AddGateway(options).BindToLoopbackOnly();
        builder.Services.AddBackend(backend ?? new());
        if (!isEmbedded) builder.Services.AddGatewayServer();
        if (isHttp2) builder.WebHost.ConfigureKestrel(server => server.ConfigureEndpointDefaults(static endpoint => endpoint.Protocols = HttpProtocols.Http2));
        services?.Invoke(builder.Services);
        var app = builder.Build();
        app.MapGateway();
        app.UseRouting();
        app.MapMailboxClient();
        if (!app.MapBackend())
        {
            app.MapPages();
            app.MapUnknown();
        }
        await app.StartAsync();
        var host = new GatewayHost(app);
        if (isHttp2) (host.Http.DefaultRequestVersion, host.Http.DefaultVersionPolicy) = (HttpVersion.Version20, HttpVersionPolicy.RequestVersionExact);
        return host;
    }

    /// <summary>Opens a mailbox and reads the head of the answer.</summary>
    public async Task<Wire> OpenAsync(string path, string accept, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path) { Version = Http.DefaultRequestVersion, VersionPolicy = Http.DefaultVersionPolicy };
        request.Headers.Accept.Add(MediaTypeWithQualityHeaderValue.Parse(accept));
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        var response = await Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        return new(response, await response.Content.ReadAsStreamAsync());
    }

    public Task<HttpResponseMessage> DeliverAsync(string mailbox, string text, params (string Name, string Value)[] headers) =>
        SendAsync(HttpMethod.Post, "/mailboxes/" + mailbox, Encoding.UTF8.GetBytes(text), headers);

    public async Task<HttpResponseMessage> SendAsync(
        HttpMethod method, string path, byte[]? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Version = Http.DefaultRequestVersion, VersionPolicy = Http.DefaultVersionPolicy, Content = body is null ? null : new ByteArrayContent(body) };
        foreach (var (name, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(name, value)) request.Content!.Headers.TryAddWithoutValidation(name, value);
        return await Http.SendAsync(request);
    }

    public Task StopAsync() => _app.StopAsync();

    /// <summary>What an instrument of this host measures now, for one value of its attribute where it has one; null where it measures nothing.</summary>
    public long? Measure(string instrument, string? attribute = null)
    {
        var meters = _app.Services.GetRequiredService<IMeterFactory>();
        long? measured = null;
        using var listener = new MeterListener();
        listener.InstrumentPublished = (published, listening) =>
        {
            if (published.Meter.Scope == meters && published.Name == instrument) listening.EnableMeasurementEvents(published);
        };
        listener.SetMeasurementEventCallback<long>((_, value, tags, _) =>
        {
            if (attribute is null || (string?)tags[0].Value == attribute) measured = (measured ?? 0) + value;
        });
        listener.Start();
        listener.RecordObservableInstruments();
        return measured;
    }

    /// <summary>Waits for something that is about to be true.</summary>
    public static Task UntilAsync(Func<bool> isTrue) => UntilAsync(() => Task.FromResult(isTrue()));

    public static async Task UntilAsync(Func<Task<bool>> isTrue)
    {
        using var patience = new CancellationTokenSource(Patience);
        while (!await isTrue())
        {
            patience.Token.ThrowIfCancellationRequested();
            await Task.Yield();
        }
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
