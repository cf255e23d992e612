using Mailbox.Gateway;
using Mailbox.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Xunit;

namespace Mailbox.Clustering.Tests;

/// <summary>How long a process runs, host after host.</summary>
public sealed class HostRunTests
{
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(30);

    readonly TaskCompletionSource _told = new(TaskCreationOptions.RunContinuationsAsynchronously);
    int _hosts;

    [Fact]
    public async Task A_host_that_asks_to_be_started_again_is_followed_by_another()
    {
        var code = await RunAsync((host, app) => host == 1 ? app.Again : app.Stop);
        Assert.Equal((0, 2), (code, _hosts));
    }

    [Fact]
    public async Task A_host_that_was_told_to_stop_is_not_followed_by_another_though_it_asks_while_it_stops()
    {
        var code = await RunAsync((_, app) =>
        {
            app.Lifetime.ApplicationStopping.Register(app.Again);
            return app.Stop;
        });
        Assert.Equal((0, 1), (code, _hosts));
    }

    [Fact]
    public async Task A_process_that_is_told_to_stop_while_one_host_replaces_another_ends()
    {
        var code = await RunAsync((_, app) =>
        {
            app.Lifetime.ApplicationStopped.Register(_told.SetResult);
            return app.Again;
        });
        Assert.Equal((0, 1), (code, _hosts));
    }

    [Fact]
    public async Task A_process_that_is_told_to_stop_ends_its_host()
    {
        var code = await RunAsync((_, _) => _told.SetResult);
        Assert.Equal((0, 1), (code, _hosts));
    }

    [Fact]
    public async Task A_process_that_loses_a_port_between_the_check_and_the_listening_ends_with_1()
    {
        var code = await HostRun.RunAsync(
            static () =>
            {
                var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
                builder.Logging.ClearProviders();
                builder.Services.AddHostedService<PortTaken>();
                return builder.Build();
            },
            _told.Task).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal(1, code);
    }

    [Fact]
    public async Task A_host_that_asks_to_be_started_again_while_it_starts_is_followed_by_another()
    {
        var code = await HostRun.RunAsync(
            () =>
            {
                var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
                builder.Logging.ClearProviders();
                builder.Services.AddStartAgain();
                if (++_hosts == 1) builder.Services.AddHostedService<NeverStarts>();
                var app = builder.Build();
                app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);
                return app;
            },
            _told.Task).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal((0, 2), (code, _hosts));
    }

    [Fact]
    public async Task A_host_that_is_broken_off_ends_its_connections_and_waits_for_their_requests()
    {
        var log = new KeptLog();
        var (address, broken) = (new TaskCompletionSource<string>(), new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        StartAgain? again = null;
        var running = HostRun.RunAsync(
            () =>
            {
                var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
                builder.Logging.ClearProviders().AddProvider(log).AddFilter<KeptLog>("Microsoft.AspNetCore", LogLevel.Debug).AddFilter<KeptLog>("Microsoft.AspNetCore.Server.Kestrel", LogLevel.Debug);
                builder.Services.AddStartAgain().AddSingleton(TimeProvider.System).AddGatewayServer();
                _hosts++;
                var app = builder.Build();
                app.Run(http => AnswerLateAsync(http, broken.Task, log));
                app.Lifetime.ApplicationStarted.Register(() =>
                {
                    if (_hosts == 2) app.Lifetime.StopApplication();
                    else address.SetResult(app.Urls.Single());
                });
                again = app.Services.GetRequiredService<StartAgain>();
                return app;
            },
            _told.Task);
        using var http = new HttpClient();
        using var response = await http.GetAsync(await address.Task.WaitAsync(s_patience, TestContext.Current.CancellationToken), HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        again!.Ask();

        using var held = await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken);
        await Assert.ThrowsAnyAsync<IOException>(() => held.CopyToAsync(Stream.Null, TestContext.Current.CancellationToken).WaitAsync(s_patience, TestContext.Current.CancellationToken));
        broken.SetResult();
        Assert.Equal((0, 2), (await running.WaitAsync(s_patience, TestContext.Current.CancellationToken), _hosts));
        Assert.DoesNotContain(log.Lines, static line => line.Contains(nameof(ObjectDisposedException), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_fault_of_a_host_that_ran_is_not_told_as_one_of_its_start()
    {
        var running = HostRun.RunAsync(
            static () =>
            {
                var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
                builder.Logging.ClearProviders();
                builder.Services.AddHostedService<CannotStop>();
                var app = builder.Build();
                app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);
                return app;
            },
            _told.Task);
        await Assert.ThrowsAsync<FormatException>(() => running.WaitAsync(s_patience, TestContext.Current.CancellationToken));
    }

    /// <summary>Goes on after its connection was broken, and longer than a server waits that aborted it by itself.</summary>
    static async Task AnswerLateAsync(HttpContext http, Task broken, KeptLog log)
    {
        await http.Response.WriteAsync("held");
        await http.Response.Body.FlushAsync();
        await broken;
        if (log.Lines.Any(static line => line.Contains("failed to close gracefully", StringComparison.Ordinal))) await log.SaidAsync("failed to abort");
        await http.Response.WriteAsync("late");
    }

    /// <param name="started">What each host does when it has started.</param>
    Task<int> RunAsync(Func<int, Host, Action> started) => HostRun.RunAsync(() => Build(started), _told.Task).WaitAsync(s_patience);

    WebApplication Build(Func<int, Host, Action> started)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddStartAgain();
        var app = builder.Build();
        var act = started(++_hosts, new(app.Lifetime, app.Services.GetRequiredService<StartAgain>()));
        app.Lifetime.ApplicationStarted.Register(act);
        return app;
    }

    sealed record Host(IHostApplicationLifetime Lifetime, StartAgain StartAgain)
    {
        public void Again() => StartAgain.Ask();

        public void Stop() => Lifetime.StopApplication();
    }

    sealed class PortTaken : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => throw new AddressInUseException("Address already in use");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    sealed class NeverStarts(StartAgain again) : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken)
        {
            again.Ask();
            return new TaskCompletionSource().Task.WaitAsync(cancellationToken);
        }

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }

    sealed class CannotStop : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => throw new FormatException("It cannot.");
    }

    /// <summary>Everything that hosts log.</summary>
    sealed class KeptLog : ILoggerProvider, ILogger
    {
        readonly Lock _gate = new();
        readonly List<string> _lines = [];
        readonly List<(string Text, TaskCompletionSource Said)> _awaited = [];

        public IReadOnlyList<string> Lines
        {
            get
            {
                lock (_gate) return [.. _lines];
            }
        }

        public Task SaidAsync(string text)
        {
            lock (_gate)
            {
                if (_lines.Exists(line => line.Contains(text, StringComparison.Ordinal))) return Task.CompletedTask;
                _awaited.Add((text, new(TaskCreationOptions.RunContinuationsAsynchronously)));
                return _awaited[^1].Said.Task;
            }
        }

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            var line = $"{formatter(state, exception)} {exception}";
            lock (_gate)
            {
                _lines.Add(line);
                foreach (var (text, said) in _awaited)
                    if (line.Contains(text, StringComparison.Ordinal)) said.TrySetResult();
            }
        }

        public void Dispose()
        {
        }
    }
}
