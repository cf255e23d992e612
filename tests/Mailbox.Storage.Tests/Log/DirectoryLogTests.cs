using Mailbox.Storage.Journal;
using Xunit;

namespace Mailbox.Storage.Tests.Log;

/// <summary>The contract on a real disk, with segments as the product has them.</summary>
public sealed class DirectoryLogTests(ITestOutputHelper output) : LogContract(output), IDisposable
{
    readonly TemporaryDirectory _directory = new();

    internal override ValueTask<ILog> OpenAsync() =>
        new(DirectoryLog.Open(new() { Directory = _directory.Path, ReserveBytes = 0, SegmentBytes = 1 << 20, Notice = Output.WriteLine }));

    public void Dispose() => _directory.Dispose();
}

/// <summary>The contract with tiny segments: every few frames another begins.</summary>
public sealed class TinyDirectoryLogTests(ITestOutputHelper output) : LogContract(output), IDisposable
{
    readonly TemporaryDirectory _directory = new();

    internal override ValueTask<ILog> OpenAsync() =>
        new(DirectoryLog.Open(new() { Directory = _directory.Path, ReserveBytes = 0, SegmentBytes = 4096, Notice = Output.WriteLine }));

    public void Dispose() => _directory.Dispose();
}
