using Microsoft.Playwright;
using Xunit;

[assembly: AssemblyFixture(typeof(Mailbox.Browser.Tests.Chromium))]

namespace Mailbox.Browser.Tests;

/// <summary>One headless Chromium for all tests; every visitor has a context of its own in it.</summary>
public sealed class Chromium : IAsyncLifetime
{
    const string Path = "/usr/bin/chromium";
    const float PatientMilliseconds = 20_000;

    static readonly string[] s_arguments =
    [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync",
    ];

    IPlaywright? _playwright;
    IBrowser? _browser;

    public IBrowser Browser => _browser ?? throw new InvalidOperationException("Chromium was not started.");

    public async ValueTask InitializeAsync()
    {
        Environment.SetEnvironmentVariable("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1");
        Assertions.SetDefaultExpectTimeout(PatientMilliseconds);
        _playwright = await Playwright.CreateAsync();
        _browser = await LaunchAsync();
    }

    /// <summary>A browser of its own, which the caller ends, without some of the arguments that Playwright gives to each.</summary>
    public Task<IBrowser> LaunchAsync(params string[] without) =>
        _playwright!.Chromium.LaunchAsync(new() { ExecutablePath = Path, Args = s_arguments, IgnoreDefaultArgs = without });

    public async ValueTask DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
    }
}
