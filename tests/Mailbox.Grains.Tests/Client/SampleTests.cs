using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Reflection;
using System.Threading.Channels;
using Newsroom;

namespace Mailbox.Grains.Tests;

/// <summary>The backend that the README shows.</summary>
public sealed class SampleTests
{
    static readonly string[] s_expected =
        ["2 of 2 have it", """{"Story":17}""", "alice: Opened", "desk: Opened", "bob: Opened", "carol: Opened"];

    [Fact]
    public async Task The_backend_of_the_readme_does_what_it_says()
    {
        await using var grid = await BackendGrid.StartAsync();
        var printed = Channel.CreateUnbounded<string>();

        await Editor.WorkAsync(grid.Client, line => printed.Writer.TryWrite(line));

        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var missing = s_expected.ToHashSet();
        while (missing.Count > 0) missing.Remove(await printed.Reader.ReadAsync(patience.Token));
        Assert.Equal(3, (await grid.Client.Mailbox("alice").GetAsync(TestContext.Current.CancellationToken))!.Messages);
    }

    [Fact]
    public async Task The_backend_of_the_readme_says_what_to_start_where_there_is_no_silo_and_ends()
    {
        var file = typeof(SampleTests).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(static one => one.Key == "Newsroom").Value!;
        // Bound and not listened on: nobody answers there, and nobody else can have it.
        using var nobody = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        nobody.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        var port = ((IPEndPoint)nobody.LocalEndPoint!).Port;
        using var backend = Process.Start(new ProcessStartInfo("dotnet", [file, "--port", $"{port}"]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var (output, errors) = (backend.StandardOutput.ReadToEndAsync(patience.Token), backend.StandardError.ReadToEndAsync(patience.Token));
        await backend.WaitForExitAsync(patience.Token);
        Assert.Equal(
            (1, "", $"No silo answers at 127.0.0.1:{port}: start one, as with ./run.sh --Mailbox:Cluster:ClientPort {port}\n"),
            (backend.ExitCode, await output, await errors));
    }
}
