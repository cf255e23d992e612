using System.Diagnostics;
using System.Reflection;

namespace Mailbox.Gateway.Tests;

/// <summary>A host that does not start says why in one line for each fault, and leaves nothing behind (spec section 9).</summary>
public sealed class HostStartTests : IDisposable
{
    static readonly string s_host = typeof(HostStartTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(one => one.Key == "Host").Value!;

    readonly string _directory = Directory.CreateTempSubdirectory("mailbox-start-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("--help")]
    [InlineData("-h")]
    public async Task Help_is_printed_and_nothing_is_started(string option)
    {
        var (code, said, faults) = await RunAsync(option, "--Mailbox:Data", "made-by-a-start");
        Assert.Equal((0, ""), (code, faults));
        Assert.Contains("--Mailbox:Data DIR", said, StringComparison.Ordinal);
        Assert.Contains("--urls", said, StringComparison.Ordinal);
        Assert.Contains("docs/configuration.md", said, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Theory]
    [InlineData("9599")]
    [InlineData("127.0.0.1:9599")]
    [InlineData("https://127.0.0.1:9599")]
    [InlineData("http://127.0.0.1:9599/base")]
    [InlineData("http://127.0.0.1:70000")]
    [InlineData("http://localhost:0")]
    [InlineData("http://127.0.0.1:0;ftp://127.0.0.1:9599")]
    public async Task An_address_that_cannot_be_is_told_with_what_is_allowed(string urls)
    {
        var (code, _, faults) = await RunAsync("--urls", urls);
        Assert.Equal(1, code);
        Assert.StartsWith($"The configuration has 1 fault(s):\n  urls is '{urls}': allowed are http://127.0.0.1:PORT", faults, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_directory));
    }

    [Fact]
    public async Task All_faults_of_the_command_line_are_told_at_once()
    {
        var (code, _, faults) = await RunAsync("--Mailbox:Dta", "x", "--Maibox:Data", "x", "--Mailbox:Idle=5", "--Mailbox:MaxBodyBytes", "1m", "9090", "--OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317", "--urls");
        Assert.Equal(1, code);
        Assert.Contains("has 7 fault(s)", faults, StringComparison.Ordinal);
        Assert.Contains("Mailbox:Dta is 'x': the key is unknown, did you mean Data?", faults, StringComparison.Ordinal);
        Assert.Contains("--Maibox:Data is 'x': the option is unknown, did you mean Mailbox?", faults, StringComparison.Ordinal);
        Assert.Contains("Mailbox:Idle is '5': allowed is a duration", faults, StringComparison.Ordinal);
        Assert.Contains("Mailbox:MaxBodyBytes is '1m': allowed is a whole number from 1 to 67108864.", faults, StringComparison.Ordinal);
        Assert.Contains("9090 is '': it is no option", faults, StringComparison.Ordinal);
        Assert.Contains("OTEL_EXPORTER_OTLP_ENDPOINT is 'collector:4317': allowed is a URL", faults, StringComparison.Ordinal);
        Assert.Contains("--urls is '': the option needs a value", faults, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("-urls=http://127.0.0.1:0")]
    [InlineData("-urls")]
    public async Task An_option_with_one_hyphen_is_refused(string option)
    {
        var (code, _, faults) = await RunAsync(option, "http://127.0.0.1:0");
        Assert.Equal(1, code);
        Assert.Contains("-urls", faults, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", faults, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_that_is_a_file_is_told_so()
    {
        var file = Path.Combine(_directory, "file");
        await File.WriteAllTextAsync(file, "", TestContext.Current.CancellationToken);
        var (code, _, faults) = await RunAsync("--urls", "http://127.0.0.1:0", "--Mailbox:Data", file);
        Assert.Equal((1, $"The journal in {file} cannot be opened: it is a file, not a directory.\n"), (code, faults));
    }

    [Fact]
    public async Task A_closed_terminal_drains_as_a_termination_does()
    {
        await using var host = await HostProcess.StartAsync();
        using var request = new HttpRequestMessage(HttpMethod.Get, "/mailboxes/a");
        request.Headers.Accept.ParseAdd("text/event-stream");
        var response = await host.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, TestContext.Current.CancellationToken);
        using var stream = new Wire(response, await response.Content.ReadAsStreamAsync(TestContext.Current.CancellationToken));
        await stream.UntilAsync("id: ");
        Assert.Equal(0, await host.SignalAsync("HUP"));
        Assert.Contains("mailbox.closed", await stream.RestAsync(), StringComparison.Ordinal);
    }

    async Task<(int Code, string Said, string Faults)> RunAsync(params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("dotnet", [s_host, .. arguments])
        {
            WorkingDirectory = _directory,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var (said, faults) = (process.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken), process.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken));
        await process.WaitForExitAsync(TestContext.Current.CancellationToken).WaitAsync(GatewayHost.Patience, TestContext.Current.CancellationToken);
        return (process.ExitCode, await said, await faults);
    }
}
