using System.Diagnostics;
using System.Net;
using System.Reflection;
using Xunit;

namespace Mailbox.Docs.Tests;

/// <summary>The README's application that embeds the gateway, as a process of its own.</summary>
public sealed class EmbeddingTests : IAsyncLifetime
{
    const string Listening = "Now listening on: ";
    static readonly TimeSpan s_patience = TimeSpan.FromSeconds(60);
    static readonly string s_sample = typeof(EmbeddingTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Embedding").Value!;

    readonly string _directory = Directory.CreateTempSubdirectory("mailbox-embedding-").FullName;
    readonly HttpClient _http = new(new SocketsHttpHandler { UseProxy = false });
    Process? _process;
    Uri _address = null!;

    public ValueTask InitializeAsync() => StartAsync();

    public async ValueTask DisposeAsync()
    {
        await KillAsync();
        _http.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    [Trait("Rule", "M5")]
    public async Task What_was_answered_is_there_after_a_crash()
    {
        Assert.StartsWith("Stored at ", await GetAsync("hello/alice"), StringComparison.Ordinal);
        using var letter = new HttpRequestMessage(HttpMethod.Post, new Uri(_address, "mailboxes/alice")) { Content = new StringContent("over HTTP") };
        letter.Headers.Add("Durability", "disk");
        using var delivered = await _http.SendAsync(letter, TestContext.Current.CancellationToken);
        Assert.Equal(HttpStatusCode.Created, delivered.StatusCode);

        await KillAsync();
        Assert.True(Directory.Exists(Path.Combine(_directory, "data")));
        await StartAsync();

        var read = await GetAsync("mailboxes/alice?wait=0");
        Assert.Contains("\"Hello alice\"", read, StringComparison.Ordinal);
        Assert.Contains("\"over HTTP\"", read, StringComparison.Ordinal);
    }

    [Fact]
    public async Task It_serves_the_browser_client() =>
        Assert.Contains("export{", await GetAsync("mailbox-client.js"), StringComparison.Ordinal);

    async ValueTask StartAsync()
    {
        _process = Process.Start(new ProcessStartInfo("dotnet", [s_sample])
        {
            WorkingDirectory = _directory,
            // All addresses, as in a container: they are the application's own.
            Environment = { ["ASPNETCORE_HTTP_PORTS"] = "0", ["ASPNETCORE_URLS"] = "" },
            RedirectStandardOutput = true,
        })!;
        while (await _process.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(s_patience, TestContext.Current.CancellationToken) is { } line)
        {
            var at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at < 0) continue;
            _address = new($"http://127.0.0.1:{new Uri(line[(at + Listening.Length)..]).Port}");
            _ = _process.StandardOutput.ReadToEndAsync(CancellationToken.None);
            return;
        }
        throw new InvalidOperationException("The application ended.");
    }

    Task<string> GetAsync(string path) => _http.GetStringAsync(new Uri(_address, path), TestContext.Current.CancellationToken);

    // SIGKILL: nothing is told to anybody.
    async Task KillAsync()
    {
        if (_process is null) return;
        _process.Kill();
        await _process.WaitForExitAsync(CancellationToken.None);
        _process.Dispose();
        _process = null;
    }
}
