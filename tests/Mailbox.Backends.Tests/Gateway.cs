using System.Collections.Concurrent;
using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Backends.Tests;

/// <summary>A gateway in front of an application.</summary>
sealed class Gateway : IAsyncDisposable
{
    readonly WebApplication _app;
    readonly Log _log;

    Gateway(WebApplication app, Log log) => (_app, _log, Http) = (app, log, new() { BaseAddress = new(app.Urls.Single()), Timeout = Running.Patience });

    public HttpClient Http { get; }

    public IEnumerable<string> Logged => _log.Lines;

    public static async Task<Gateway> StartAsync(BackendOptions backend)
    {
        var (builder, log) = (WebApplication.CreateSlimBuilder(), new Log());
        builder.Logging.ClearProviders().AddProvider(log);
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<ILog>(new MemoryLog { Keeps = Durability.Disk });
        builder.Services.AddGateway(new() { Drain = TimeSpan.Zero });
        builder.Services.AddBackend(backend);
        var app = builder.Build();
        app.MapGateway();
        app.UseRouting();
        app.MapBackend();
        await app.StartAsync();
        return new(app, log);
    }

    public static Task<Gateway> StartAsync(string url, string root = "", string index = "index.php") => StartAsync(new() { Url = url, Root = root, Index = index });

    public async ValueTask DisposeAsync()
    {
        Http.Dispose();
        await _app.DisposeAsync();
    }

    sealed class Log : ILoggerProvider, ILogger
    {
        public ConcurrentQueue<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        void ILogger.Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel)) Lines.Enqueue(formatter(state, exception));
        }

        public void Dispose()
        {
        }
    }
}
