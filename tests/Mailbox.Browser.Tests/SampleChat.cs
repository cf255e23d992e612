using System.Diagnostics;

namespace Mailbox.Browser.Tests;

/// <summary>The chat of <c>samples</c> as a process of its own: an application that knows nothing of browsers that wait.</summary>
sealed class SampleChat : IDisposable
{
    const string Listening = "Now listening on: ";

    readonly Process _process;

    SampleChat(Process process, string address) => (_process, Address) = (process, address);

    public string Address { get; }

    public static async Task<SampleChat> StartAsync()
    {
        var process = Process.Start(new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Programs.Chat, "--urls", "http://127.0.0.1:0", "--Logging:LogLevel:Microsoft.Hosting.Lifetime", "Information" },
            RedirectStandardOutput = true,
        })!;
        while (await process.StandardOutput.ReadLineAsync() is { } line)
        {
            var at = line.IndexOf(Listening, StringComparison.Ordinal);
            if (at >= 0) return new(process, line[(at + Listening.Length)..].Trim());
        }
        throw new InvalidOperationException("The chat ended before it listened.");
    }

    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }
}
