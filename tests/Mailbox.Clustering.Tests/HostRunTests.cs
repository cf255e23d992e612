using Mailbox.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
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
                builder.Services.AddSingleton<StartAgain>();
                if (++_hosts == 1) builder.Services.AddHostedService<NeverStarts>();
                var app = builder.Build();
                app.Lifetime.ApplicationStarted.Register(app.Lifetime.StopApplication);
                return app;
            },
            _told.Task).WaitAsync(s_patience, TestContext.Current.CancellationToken);
        Assert.Equal((0, 2), (code, _hosts));
    }

    /// <param name="started">What each host does when it has started.</param>
    Task<int> RunAsync(Func<int, Host, Action> started) => HostRun.RunAsync(() => Build(started), _told.Task).WaitAsync(s_patience);

    WebApplication Build(Func<int, Host, Action> started)
    {
        var builder = WebApplication.CreateSlimBuilder(["--urls", "http://127.0.0.1:0"]);
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<StartAgain>();
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
}
