using System.Diagnostics;
using Mailbox.Gateway;
using Mailbox.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Mailbox.Docs.Tests;

/// <summary>A server in this process, and a shell that knows its address as <c>$BASE</c>.</summary>
sealed class ReadmeServer
{
    readonly WebApplication _app;

    /// <param name="backend">The application behind it, or null.</param>
    public ReadmeServer(string? backend = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton<ILog>(new MemoryLog { Keeps = Durability.Disk });
        builder.Services.AddGateway(new() { Drain = TimeSpan.Zero });
        builder.Services.AddBackend(new() { Url = backend ?? "" });
        _app = builder.Build();
        _app.Urls.Add("http://127.0.0.1:0");
        _app.MapGateway();
        _app.MapBackend();
    }

    public Uri Address => new(_app.Urls.First());

    public Task StartAsync() => _app.StartAsync();

    public async Task StopAsync() => await _app.DisposeAsync();

    public async Task<string> GetAsync(string path)
    {
        using var http = new HttpClient();
        return await http.GetStringAsync(new Uri($"{_app.Urls.First()}/{path}"));
    }

    /// <summary>Starts the commands of the README behind <c>run: NAME</c>.</summary>
    /// <param name="token">What the commands know as <c>$TOKEN</c>.</param>
    public Process Start(string name, string token = "") => Process.Start(new ProcessStartInfo("bash")
    {
        ArgumentList = { "-c", Readme.Commands(name) },
        Environment = { ["BASE"] = _app.Urls.First(), ["TOKEN"] = token },
        RedirectStandardOutput = true,
    })!;

    /// <summary>Runs the commands to their end and gives what they print.</summary>
    public async Task<string> RunAsync(string name, string token = "")
    {
        using var shell = Start(name, token);
        var printed = await shell.StandardOutput.ReadToEndAsync();
        await shell.WaitForExitAsync();
        return printed;
    }
}
